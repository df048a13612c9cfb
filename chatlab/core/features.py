"""What a server said about itself, as far as a window wants to know it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFeatures:
    """Taken from RPL_ISUPPORT (005) and RPL_LUSERCHANNELS (254); the RFC's values before them."""

    is_known: bool = False
    """The server has told; False while the account is not online."""
    topic_length: int = 0
    """Most characters of a topic (TOPICLEN); 0 when the server names no limit."""
    away_length: int = 0
    """Most characters of an away message (AWAYLEN); 0 when the server names no limit."""
    list_modes: str = "b"
    """Channel modes that are lists of masks (CHANMODES, first group)."""
    modes_with_parameter: str = "k"
    """Those that always take a parameter (second group)."""
    modes_set_with_parameter: str = "l"
    """Those that take one only when they are set (third group)."""
    flag_modes: str = "imnpst"
    """Those that never take one (fourth group)."""
    exception_mode: str = ""
    """The letter of ban exceptions (EXCEPTS); empty when the server has none."""
    invitation_mode: str = ""
    """The letter of invitation exceptions (INVEX); empty when the server has none."""
    operator_signs: str = "@"
    """Status signs of those who may change a channel: ``@`` and what ranks above it."""
    list_limits: tuple[tuple[str, int], ...] = ()
    """Letters of list modes, and how many entries they hold together (MAXLIST)."""
    has_safe_list: bool = False
    """A long LIST is sent slowly instead of cutting the connection (SAFELIST)."""
    list_filters: str = ""
    """What LIST can be asked for (ELIST): ``U`` number of users, ``M`` mask and so on."""
    channel_count: int | None = None
    """Channels on the network, as the greeting counted them."""
    room_service: str = ""
    """XMPP: where the server keeps rooms (XEP-0045, section 6.1); empty until it has said so."""
    buddy_limit: int = 0
    """Nicks that can be watched (MONITOR); 0 when the server does not watch."""
    can_reply: bool = False
    """A message can name the one that it answers (+draft/reply, XEP-0461)."""
    can_react: bool = False
    """A message can be answered with a sign (+draft/react, XEP-0444)."""
    can_retract: bool = False
    """A message can be taken back (draft/message-redaction, XEP-0424)."""
    can_correct: bool = False
    """What a message says can be replaced by its author (XEP-0308)."""
    has_multiline: bool = False
    """A text of several lines can be one message (draft/multiline; always so on XMPP)."""

    @property
    def mask_lists(self) -> str:
        """Letters of the lists that ChatLab has words for, as far as this server keeps them."""
        wanted = f"b{self.exception_mode}{self.invitation_mode}q"
        return "".join(letter for letter in wanted if letter in self.list_modes)

    def list_limit(self, letter: str) -> int:
        """How many entries a list mode may hold; 0 when the server does not say."""
        return next((limit for letters, limit in self.list_limits if letter in letters), 0)
