"""The words that BigBlueButton knows for roles, layouts, features and states.

In answers a word that is not listed here survives as a plain string, because a newer server may know more.
"""

from enum import StrEnum
from typing import TypeVar

Word = TypeVar("Word", bound=StrEnum)


class Role(StrEnum):
    """What a participant may do (section 2.2)."""

    MODERATOR = "MODERATOR"
    VIEWER = "VIEWER"


class GuestPolicy(StrEnum):
    """Who waits in the lobby (sections 2.1 and 2.2)."""

    ALWAYS_ACCEPT = "ALWAYS_ACCEPT"
    ALWAYS_ACCEPT_AUTH = "ALWAYS_ACCEPT_AUTH"
    ALWAYS_DENY = "ALWAYS_DENY"
    ASK_MODERATOR = "ASK_MODERATOR"


class Layout(StrEnum):
    """How the conference is arranged at first (section 2.1); a server falls back to its default for others."""

    CUSTOM = "CUSTOM_LAYOUT"
    SMART = "SMART_LAYOUT"
    PRESENTATION_FOCUS = "PRESENTATION_FOCUS"
    VIDEO_FOCUS = "VIDEO_FOCUS"
    CAMERAS_ONLY = "CAMERAS_ONLY"  # 3.0, as the next three
    PARTICIPANTS_AND_CHAT_ONLY = "PARTICIPANTS_AND_CHAT_ONLY"
    PRESENTATION_ONLY = "PRESENTATION_ONLY"
    MEDIA_ONLY = "MEDIA_ONLY"
    UNIFIED = "UNIFIED_LAYOUT"  # 4.0


class Feature(StrEnum):
    """What can be switched off in a meeting (section 2.1, disabledFeatures)."""

    BREAKOUT_ROOMS = "breakoutRooms"
    CAMERA_AS_CONTENT = "cameraAsContent"
    CAPTIONS = "captions"
    CHAT = "chat"
    CHAT_EMOJI_PICKER = "chatEmojiPicker"
    CHAT_MESSAGE_REACTIONS = "chatMessageReactions"
    CUSTOM_VIRTUAL_BACKGROUNDS = "customVirtualBackgrounds"
    DELETE_CHAT_MESSAGE = "deleteChatMessage"
    DOWNLOAD_PRESENTATION_CONVERTED_TO_PDF = "downloadPresentationConvertedToPdf"
    DOWNLOAD_PRESENTATION_ORIGINAL_FILE = "downloadPresentationOriginalFile"
    DOWNLOAD_PRESENTATION_WITH_ANNOTATIONS = "downloadPresentationWithAnnotations"
    EDIT_CHAT_MESSAGE = "editChatMessage"
    EXTERNAL_VIDEOS = "externalVideos"
    IMPORT_PRESENTATION_FROM_BREAKOUT_ROOMS = "importPresentationWithAnnotationsFromBreakoutRooms"
    IMPORT_SHARED_NOTES_FROM_BREAKOUT_ROOMS = "importSharedNotesFromBreakoutRooms"
    INFINITE_WHITEBOARD = "infiniteWhiteboard"
    LAYOUTS = "layouts"
    LEARNING_DASHBOARD = "learningDashboard"
    LEARNING_DASHBOARD_DOWNLOAD = "learningDashboardDownloadSessionData"
    LIVE_TRANSCRIPTION = "liveTranscription"
    PLUGINS = "plugins"
    POLLS = "polls"
    PRESENTATION = "presentation"
    PRIVATE_CHAT = "privateChat"
    QUIZZES = "quizzes"
    RAISE_HAND = "raiseHand"
    REPLY_CHAT_MESSAGE = "replyChatMessage"
    SCREENSHARE = "screenshare"
    SHARED_NOTES = "sharedNotes"
    SNAPSHOT_OF_CURRENT_SLIDE = "snapshotOfCurrentSlide"
    TIMER = "timer"
    USER_REACTIONS = "userReactions"
    VIRTUAL_BACKGROUNDS = "virtualBackgrounds"


class RecordingState(StrEnum):
    """How far a recording has come (section 3.1); ANY is for asking only."""

    PROCESSING = "processing"
    PROCESSED = "processed"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    DELETED = "deleted"
    ANY = "any"


class TextTrackKind(StrEnum):
    """What a text track is for (section 3.1)."""

    SUBTITLES = "subtitles"
    CAPTIONS = "captions"


def word(words: type[Word], text: str) -> Word | str:
    """Read a word of the wire, whatever its case; one that is not known comes back as it came."""
    return next((known for known in words if known.value.lower() == text.lower()), text)
