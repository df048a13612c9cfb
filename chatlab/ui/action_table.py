"""The table of actions: what the window can be asked to do, in which words, by which keys.

Menus, shortcuts, the command palette and Help obey it; ``actions.Actions`` makes it work.
"""

from chatlab.ui.action_ids import NUMBERS, ActionId, ActionSpec, Menu

__all__ = ["ACTIONS", "NUMBERS", "ActionId", "ActionSpec", "Menu", "spec_of"]

_A, _M = ActionId, Menu
ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        _A.NEW_ACCOUNT, _M.FILE, "&New account…",
        "IRC or XMPP: fill in who you are and where; nothing is sent before you connect.",
        ("Ctrl+Shift+N",), "user-add", "profile network server connect register",
    ),
    ActionSpec(
        _A.ACCOUNTS, _M.FILE, "&Accounts…", "See, change and remove your accounts.",
        ("F2",), "account", "networks profile edit settings password",
    ),
    ActionSpec(
        _A.LAB, _M.FILE, "Start the offline &lab",
        "A server on this computer, with one plain and one sealed account in one channel.",
        (), "play", "offline server demo try practice",
    ),
    ActionSpec(
        _A.OPEN_CAPTURE, _M.FILE, "&Open…",
        "Look at a saved session, or at any pcap or pcapng file.",
        ("Ctrl+O",), "open", "file pcap pcapng load session", starts_group=True,
    ),
    ActionSpec(
        _A.SAVE_CAPTURE, _M.FILE, "&Save session",
        "Keep frames, what was said and your notes in one file, to be opened again.",
        ("Ctrl+S",), "save", "file chatlab capture keep store",
    ),
    ActionSpec(
        _A.SAVE_AS, _M.FILE, "Sa&ve session as…", "Save the session under another name.",
        (), "", "file chatlab copy rename",
    ),
    ActionSpec(
        _A.EXPORT_CAPTURE, _M.FILE, "Export for &hand-in…",
        "A copy of the capture for Wireshark: with the TLS keys, without, or with passwords blanked.",
        ("Ctrl+Shift+E",), "send", "pcapng wireshark redact secrets share teacher report",
    ),
    ActionSpec(
        _A.PICTURE, _M.FILE, "Save a &picture of the window",
        "Save the window as a PNG image for your report.",
        ("Ctrl+Shift+P",), "frame", "screenshot png image report lab",
    ),
    ActionSpec(
        _A.EXPORT_CHAT, _M.FILE, "&Export this chat…",
        "Save what is in this chat with its frame numbers: as text, a web page or JSON.",
        (), "save", "text html json log transcript copy report",
    ),
    ActionSpec(
        _A.PREFERENCES, _M.FILE, "Pre&ferences…",
        "Theme, size of text, history, notifications, files, and when you count as away.",
        ("Ctrl+,",), "settings", "settings options configure notify dark font downloads ports",
        starts_group=True,
    ),
    ActionSpec(
        _A.SHORTCUTS, _M.FILE, "&Keyboard shortcuts…",
        "See which keys do what, and choose others.",
        (), "", "keys shortcuts hotkeys rebind remap keybindings",
    ),
    ActionSpec(
        _A.QUIT, _M.FILE, "&Quit", "Leave all servers politely and close ChatLab.",
        ("Ctrl+Q",), "close", "exit leave end", starts_group=True,
    ),
    ActionSpec(
        _A.JOIN, _M.CHAT, "&Join a channel or room…",
        "Enter a channel or a room, with its key or password if it has one.",
        ("Ctrl+J",), "channel", "enter new chat create",
    ),
    ActionSpec(
        _A.NEW_TALK, _M.CHAT, "N&ew private chat…",
        "Write to one person: type the nick, then the message.",
        ("Ctrl+N",), "person", "query message direct private",
    ),
    ActionSpec(
        _A.CHANNEL_LIST, _M.CHAT, "Lis&t of channels or rooms…",
        "See which channels the network has, or which rooms the server, and enter one.",
        ("Ctrl+L",), "search", "rooms find browse list",
    ),
    ActionSpec(
        _A.CHANNEL, _M.CHAT, "Topic, modes and &bans…",
        "Change the channel: its topic, who may enter and speak, and whom not.",
        ("Ctrl+Shift+T",), "settings", "channel operator key limit ban exception invite",
    ),
    ActionSpec(
        _A.CONNECT, _M.CHAT, "&Connect", "Connect the account of this chat.",
        (), "plug", "online go server log in",
    ),
    ActionSpec(
        _A.DISCONNECT, _M.CHAT, "&Disconnect",
        "Leave the server with your leave message; the account stays in the list.",
        (), "unplug", "offline quit leave server",
    ),
    ActionSpec(
        _A.NEXT_CHAT, _M.GO, "&Next chat", "Go to the chat below in the sidebar.",
        ("Ctrl+PgDown", "Alt+Down"), "arrow-down", "switch down",
    ),
    ActionSpec(
        _A.PREVIOUS_CHAT, _M.GO, "&Previous chat", "Go to the chat above in the sidebar.",
        ("Ctrl+PgUp", "Alt+Up"), "arrow-up", "switch up",
    ),
    ActionSpec(
        _A.NEXT_UNREAD, _M.GO, "Next &unread chat", "Go to the next chat with unread messages.",
        ("Alt+A", "Alt+Shift+Down"), "bell", "new mention highlight",
    ),
    ActionSpec(
        _A.PREVIOUS_UNREAD, _M.GO, "Prev&ious unread chat",
        "Go back to the chat before with unread messages.",
        ("Alt+Shift+Up",), "", "new mention highlight",
    ),
    ActionSpec(
        _A.RECENT_CHAT, _M.GO, "Last c&hat",
        "Go to the chat that was shown before; again and again, further back.",
        ("Ctrl+Tab",), "history", "recent switch back", starts_group=True,
    ),
    ActionSpec(
        _A.RECENT_CHAT_BACK, _M.GO, "Last chat, the &other way",
        "The same from the other end: the chat that was not shown for longest.",
        ("Ctrl+Shift+Tab",), "", "recent switch oldest",
    ),
    ActionSpec(
        _A.GO_TO_CHAT, _M.GO, "Go to chat &{}", "Go to a chat by its place in the sidebar.",
        ("Alt+{}",), "", "switch number",
    ),
    ActionSpec(
        _A.SET_MARKER, _M.GO, "Put the new &messages line here",
        "Draw the line between what you have read and what is new below the last message.",
        ("Ctrl+M",), "", "marker line read unread", starts_group=True,
    ),
    ActionSpec(
        _A.GO_TO_MARKER, _M.GO, "Go to the new messages &line",
        "Go back to where the new messages begin.",
        ("Alt+Home",), "arrow-up", "marker line unread first jump",
    ),
    ActionSpec(
        _A.MARK_READ, _M.CHAT, "&Mark as read", "Take the unread mark off this chat.",
        ("Shift+Esc",), "check", "seen clear unread", starts_group=True,
    ),
    ActionSpec(
        _A.ALL_READ, _M.CHAT, "Mark &all as read", "Take the unread marks off all chats.",
        ("Alt+Shift+M",), "check-double", "seen clear unread everything",
    ),
    ActionSpec(
        _A.CLOSE_CHAT, _M.CHAT, "C&lose chat",
        "Close this chat; in a channel, leave it. The history stays.",
        ("Ctrl+W",), "close", "part leave",
    ),
    ActionSpec(
        _A.REOPEN_CHAT, _M.CHAT, "Open the closed chat a&gain",
        "Bring back the chat that was closed last; a channel is joined again.",
        ("Ctrl+Shift+W",), "refresh", "undo restore closed rejoin",
    ),
    ActionSpec(
        _A.FIND, _M.CHAT, "&Find in this chat…", "Mark what you look for, and walk through it.",
        ("Ctrl+F",), "search", "search text lastlog", starts_group=True,
    ),
    ActionSpec(
        _A.FIND_NEXT, _M.CHAT, "Find ne&xt", "Go to the next match further back.",
        ("F3",), "arrow-up", "search again older",
    ),
    ActionSpec(
        _A.FIND_PREVIOUS, _M.CHAT, "Find pre&vious", "Go back to the match before.",
        ("Shift+F3",), "arrow-down", "search back newer",
    ),
    ActionSpec(
        _A.SEARCH, _M.CHAT, "&Search the history…",
        "Look for words in all chats, as far as they were kept on this computer.",
        ("Ctrl+Shift+F",), "history", "find lastlog log old messages all chats",
    ),
    ActionSpec(
        _A.REPLY, _M.CHAT, "Ans&wer a message",
        "Answer the chosen message, or the last one; the answer names it.",
        ("Ctrl+R",), "reply", "reply quote respond", starts_group=True,
    ),
    ActionSpec(
        _A.REACT, _M.CHAT, "&React with a sign…",
        "Answer the chosen message, or the last one, with an emoji.",
        ("Ctrl+Shift+R",), "smile", "emoji reaction thumbs like",
    ),
    ActionSpec(
        _A.CORRECT, _M.CHAT, "C&orrect a message",
        "Say the chosen message of yours, or your last one, anew (XMPP).",
        ("Ctrl+Up",), "edit", "edit change rewrite mistake last",
    ),
    ActionSpec(
        _A.RETRACT, _M.CHAT, "Ta&ke a message back…",
        "Have the server hide the chosen message, or your last one; some servers can.",
        (), "trash", "redact retract delete remove unsend",
    ),
    ActionSpec(
        _A.BOLD, _M.TEXT, "&Bold", "Write bold words, or make the chosen ones bold (IRC).",
        ("Ctrl+B",), "", "format fat strong mirc",
    ),
    ActionSpec(
        _A.ITALIC, _M.TEXT, "&Italic", "Write slanted words (IRC).",
        ("Ctrl+I",), "", "format slanted emphasis mirc",
    ),
    ActionSpec(
        _A.UNDERLINE, _M.TEXT, "&Underlined", "Write underlined words (IRC).",
        ("Ctrl+U",), "", "format mirc",
    ),
    ActionSpec(
        _A.STRIKE, _M.TEXT, "&Struck out", "Write struck-out words (IRC).",
        ("Ctrl+Shift+S",), "", "format strike through mirc",
    ),
    ActionSpec(
        _A.MONOSPACE, _M.TEXT, "&Monospaced", "Write words of fixed pitch, for code (IRC).",
        ("Ctrl+Shift+M",), "", "format code fixed mirc",
    ),
    ActionSpec(
        _A.COLOUR, _M.TEXT, "&Colour…", "Choose a colour for the words, or for their ground (IRC).",
        ("Ctrl+Shift+K",), "", "format color mirc",
    ),
    ActionSpec(
        _A.PLAIN_TEXT, _M.TEXT, "&Plain again",
        "End all formatting; Ctrl+O does it while formatted words are written.",
        (), "", "format reset normal remove mirc", starts_group=True,
    ),
    ActionSpec(
        _A.MENTIONS, _M.PEOPLE, "&Mentions…",
        "See the messages that were meant for you, in all chats.",
        ("Alt+M",), "bell", "highlights nick missed",
    ),
    ActionSpec(
        _A.HIGHLIGHTS, _M.PEOPLE, "&Highlights…",
        "Choose the words besides your nick that you want to be told of.",
        (), "bulb", "keywords words rules regex notify",
    ),
    ActionSpec(
        _A.ADD_CONTACT, _M.PEOPLE, "Add a c&ontact…",
        "Put somebody on the list of an XMPP account, and ask to see when they are there.",
        (), "user-add", "roster buddy friend subscribe presence xmpp jid address",
    ),
    ActionSpec(
        _A.BUDDIES, _M.PEOPLE, "&Buddies…", "See who is online, and be told who comes and goes.",
        (), "members", "monitor notify friends online contacts",
    ),
    ActionSpec(
        _A.IGNORES, _M.PEOPLE, "&Ignored people…", "Choose whose words are not shown.",
        (), "eye-off", "block silence mute ignore",
    ),
    ActionSpec(
        _A.AWAY, _M.PEOPLE, "&Away or back", "Tell others that you are not here, or here again.",
        ("Alt+Shift+A",), "moon", "afk status present", starts_group=True,
    ),
    ActionSpec(
        _A.MUTE, _M.PEOPLE, "&Count this chat or not",
        "A muted chat is shown as ever, and counts nothing as unread.",
        (), "bell-off", "mute unmute quiet silence",
    ),
    ActionSpec(
        _A.SEND_FILE, _M.PEOPLE, "&Send a file…",
        "Offer a file to people of this chat; it goes straight from your computer to theirs.",
        ("Ctrl+Shift+O",), "send", "dcc transfer upload attach share", starts_group=True,
    ),
    ActionSpec(
        _A.TRANSFERS, _M.PEOPLE, "File &transfers…",
        "See how each file is doing, why one failed, and which frames carried it.",
        ("Ctrl+Shift+J",), "transfer", "dcc downloads received progress resume cancel direct chat",
    ),
    ActionSpec(
        _A.CAPTURE, _M.WIRE, "&Start or stop the capture",
        "Capture the frames of ChatLab’s own connections, and of nothing else.",
        ("Ctrl+E",), "capture-start", "record sniff frames packets",
    ),
    ActionSpec(
        _A.INTERFACE, _M.WIRE, "Capture a whole &interface…",
        "Capture all that crosses a network interface, other people’s traffic included.",
        (), "eye", "eth0 wlan0 network card promiscuous everything others sniff wireshark",
    ),
    ActionSpec(
        _A.PACKETS, _M.WIRE, "&Frames of the selected message",
        "Show in the wire pane which frames carried the message.",
        ("Ctrl+Return",), "wire", "packets bytes hex", starts_group=True,
    ),
    ActionSpec(
        _A.SESSION_NOTES, _M.WIRE, "Session &notes…",
        "Write down what you see; your notes are saved with the session.",
        ("F4",), "edit", "write text markdown report observation",
    ),
    ActionSpec(
        _A.RAW_CONSOLE, _M.WIRE, "&Raw console",
        "Every protocol line as it crosses the wire, and a field to send one.",
        ("Ctrl+Shift+X",), "layers", "raw lines protocol log console quote irc", True,
    ),
    ActionSpec(
        _A.USE_SECRETS, _M.WIRE, "&Use TLS secrets",
        "Show what TLS had sealed, as far as its secrets are known; off, what an observer sees.",
        ("Ctrl+Shift+Y",), "lock", "decrypt keys tls observer key log sslkeylogfile", True, True,
    ),
    ActionSpec(
        _A.KEY_LOG, _M.WIRE, "Read a &key log…",
        "Use the TLS secrets that another program has written down (SSLKEYLOGFILE).",
        (), "open", "decrypt keys tls secrets sslkeylogfile wireshark",
    ),
    ActionSpec(
        _A.COMPARE, _M.VIEW, "&Compare two chats side by side",
        "Put a plain and a sealed chat next to each other.",
        ("Ctrl+Shift+D",), "split", "plain tls difference two panes",
    ),
    ActionSpec(
        _A.COMPARISON, _M.VIEW, "Comparison &view",
        "What the same words cost on each connection, and what each observer learns of them.",
        ("Ctrl+D",), "compare", "compare plain tls overhead bytes observer wifi handshake ladder",
    ),
    ActionSpec(
        _A.TWINS, _M.VIEW, "Send to b&oth chats",
        "What you type in one chat leaves on the other, too: twins to be compared.",
        ("Ctrl+Shift+B",), "twin", "twin send both same text two chats", True,
    ),
    ActionSpec(
        _A.SPLIT, _M.VIEW, "S&plit or join the chat panes",
        "Show one more chat beside this one, or only this one again.",
        ("F8",), "pane-right", "two panes unsplit",
    ),
    ActionSpec(
        _A.NEXT_PANE, _M.VIEW, "Ne&xt pane", "Move the keyboard to the next part of the window.",
        ("F6",), "arrow-right", "focus keyboard",
    ),
    ActionSpec(
        _A.SIDEBAR, _M.VIEW, "&Sidebar", "Show or hide accounts and chats.",
        ("F9",), "sidebar", "accounts list hide show", True, True,
    ),
    ActionSpec(
        _A.MEMBER_LIST, _M.VIEW, "&Member list", "Show or hide who is in the channel.",
        ("F7",), "members", "users nicks people names", True,
    ),
    ActionSpec(
        _A.WIRE_PANE, _M.VIEW, "&Wire pane", "Show or hide the frames beside the chat.",
        ("F12",), "wire", "packets frames panel", True,
    ),
    ActionSpec(
        _A.THEME, _M.VIEW, "&Dark or light", "Switch between the dark and the light theme.",
        ("Ctrl+Shift+L",), "moon", "theme colours night", starts_group=True,
    ),
    ActionSpec(
        _A.FONT_BIGGER, _M.VIEW, "&Bigger text", "Make all text bigger.",
        ("Ctrl++", "Ctrl+="), "plus", "zoom in font size",
    ),
    ActionSpec(
        _A.FONT_SMALLER, _M.VIEW, "Sm&aller text", "Make all text smaller.",
        ("Ctrl+-",), "minus", "zoom out font size",
    ),
    ActionSpec(
        _A.FONT_RESET, _M.VIEW, "&Normal text", "Give text the system’s size again.",
        ("Ctrl+0",), "refresh", "zoom reset font size",
    ),
    ActionSpec(
        _A.FULL_SCREEN, _M.VIEW, "&Full screen", "Use the whole screen, or a window again.",
        ("F11",), "", "maximise", True,
    ),
    ActionSpec(
        _A.PRESENTATION, _M.VIEW, "P&resentation",
        "Everything big enough for the back row, on the whole screen; again to go back.",
        ("Shift+F11",), "", "zoom projector beamer lecture big teach", True,
    ),
    ActionSpec(
        _A.HELP, _M.HELP, "&Help: keys and commands",
        "All shortcuts, all commands, and what the colours mean, on one page.",
        ("F1", "Ctrl+?"), "help", "shortcuts manual how to",
    ),
    ActionSpec(
        _A.TOUR, _M.HELP, "&Tour of the lab",
        "Two minutes: send, look at the bytes, switch to TLS, look again, compare.",
        (), "compass", "tutorial introduction first steps beginner learn",
    ),
    ActionSpec(
        _A.PALETTE, _M.HELP, "&Find anything…",
        "Type a few letters of a chat, a command, an action or a help topic.",
        ("Ctrl+K",), "search", "command palette quick switcher",
    ),
    ActionSpec(
        _A.SYSTEM_CHECK, _M.HELP, "&Check this system",
        "See what works here, what does not, and the command that mends it.",
        (), "shield", "doctor permission capture diagnose", starts_group=True,
    ),
    ActionSpec(
        _A.ABOUT, _M.HELP, "&About ChatLab", "Version, licence and what it is built from.",
        (), "info", "version licence",
    ),
)  # fmt: skip
_SPECS = {spec.id: spec for spec in ACTIONS}


def spec_of(action: ActionId) -> ActionSpec:
    """The row of an action."""
    return _SPECS[action]
