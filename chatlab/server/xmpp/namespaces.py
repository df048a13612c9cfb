"""The XML namespaces that the lab's XMPP server speaks, each named after its specification."""

XML = "http://www.w3.org/XML/1998/namespace"

# RFC 6120
STREAM = "http://etherx.jabber.org/streams"
CLIENT = "jabber:client"
STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
SESSION = "urn:ietf:params:xml:ns:xmpp-session"

# RFC 6121
ROSTER = "jabber:iq:roster"
SUBSCRIPTION_PRE_APPROVAL = "urn:xmpp:features:pre-approval"

DATA_FORMS = "jabber:x:data"  # XEP-0004
DISCO_INFO = "http://jabber.org/protocol/disco#info"  # XEP-0030
DISCO_ITEMS = "http://jabber.org/protocol/disco#items"
MUC = "http://jabber.org/protocol/muc"  # XEP-0045
MUC_USER = "http://jabber.org/protocol/muc#user"
MUC_ADMIN = "http://jabber.org/protocol/muc#admin"
MUC_OWNER = "http://jabber.org/protocol/muc#owner"
MUC_ROOM_CONFIG = "http://jabber.org/protocol/muc#roomconfig"
MUC_ROOM_INFO = "http://jabber.org/protocol/muc#roominfo"
PRIVATE_XML = "jabber:iq:private"  # XEP-0049
VCARD = "vcard-temp"  # XEP-0054
RSM = "http://jabber.org/protocol/rsm"  # XEP-0059
PUBSUB = "http://jabber.org/protocol/pubsub"  # XEP-0060
PUBSUB_EVENT = "http://jabber.org/protocol/pubsub#event"
PUBSUB_OWNER = "http://jabber.org/protocol/pubsub#owner"
PUBSUB_ERRORS = "http://jabber.org/protocol/pubsub#errors"
PUBSUB_NODE_CONFIG = "http://jabber.org/protocol/pubsub#node_config"
REGISTER = "jabber:iq:register"  # XEP-0077
REGISTER_FEATURE = "http://jabber.org/features/iq-register"
CHAT_STATES = "http://jabber.org/protocol/chatstates"  # XEP-0085
VERSION = "jabber:iq:version"  # XEP-0092
CAPS = "http://jabber.org/protocol/caps"  # XEP-0115
BITS_OF_BINARY = "urn:xmpp:bob"  # XEP-0231
CAPTCHA = "urn:xmpp:captcha"  # XEP-0158
MEDIA = "urn:xmpp:media-element"  # XEP-0221
BLOCKING = "urn:xmpp:blocking"  # XEP-0191
BLOCKING_ERRORS = "urn:xmpp:blocking:errors"
MANAGEMENT = "urn:xmpp:sm:3"  # XEP-0198
PING = "urn:xmpp:ping"  # XEP-0199
TIME = "urn:xmpp:time"  # XEP-0202
DELAY = "urn:xmpp:delay"  # XEP-0203
CARBONS = "urn:xmpp:carbons:2"  # XEP-0280
FORWARD = "urn:xmpp:forward:0"  # XEP-0297
MAM = "urn:xmpp:mam:2"  # XEP-0313
MAM_EXTENDED = "urn:xmpp:mam:2#extended"
HINTS = "urn:xmpp:hints"  # XEP-0334
CSI = "urn:xmpp:csi:0"  # XEP-0352
STANZA_IDS = "urn:xmpp:sid:0"  # XEP-0359
SELF_PING = "http://jabber.org/protocol/muc#self-ping-optimization"  # XEP-0410
OCCUPANT_ID = "urn:xmpp:occupant-id:0"  # XEP-0421
RETRACT = "urn:xmpp:message-retract:1"  # XEP-0424
MODERATE = "urn:xmpp:message-moderate:1"  # XEP-0425
