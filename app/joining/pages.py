"""The pages of joining in, collected."""

from fastapi import APIRouter

from app.joining import about_pages, interest_pages, task_pages

router = APIRouter()
for _part in (interest_pages, task_pages, about_pages):
    router.include_router(_part.router)
