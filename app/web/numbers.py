"""Numbers in addresses: what has more digits than any number of a row is no address here."""

from starlette.convertors import IntegerConvertor, register_url_convertor


class RowNumber(IntegerConvertor):
    """`{user_id:int}`: Python refuses to read thousands of digits, PostgreSQL to compare with more than 19."""

    regex = "[0-9]{1,18}"


register_url_convertor("int", RowNumber())
