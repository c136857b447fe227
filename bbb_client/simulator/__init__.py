"""A faithful BigBlueButton in memory, to build and test against."""

from bbb_client.simulator.clock import RunningClock, StillClock
from bbb_client.simulator.config import Config
from bbb_client.simulator.server import Running, create_app, running_simulator

__all__ = ["Config", "Running", "RunningClock", "StillClock", "create_app", "running_simulator"]
