"""A message after something happened to it; pure."""

from dataclasses import replace

from chatlab.core.events import MessageChanged, MessageRewritten
from chatlab.core.message import Delivery, Message, may_become


def changed(message: Message, event: MessageChanged) -> Message:
    """It moved on: delivery never goes backwards, what is known stays known."""
    delivery = message.delivery
    if event.delivery and (delivery is None or may_become(delivery, event.delivery)):
        delivery = event.delivery
    return replace(
        message,
        delivery=delivery,
        failure=event.failure or message.failure if delivery is Delivery.FAILED else "",
        wire=event.wire or message.wire,
        echo=event.echo or message.echo,
        time_ns=event.time_ns or message.time_ns,
        msgid=event.msgid or message.msgid,
        twin=event.twin or message.twin,
    )


def rewritten(message: Message, event: MessageRewritten) -> Message:
    """Its author replaced what it says, or somebody who may took it back."""
    return replace(
        message,
        text="" if event.is_retracted else event.text,
        is_corrected=message.is_corrected or not event.is_retracted,
        is_retracted=event.is_retracted,
        reactions=() if event.is_retracted else message.reactions,
    )
