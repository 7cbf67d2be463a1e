"""What else is told about a call: its queue, its DID, recordings, applications, CDR rows."""

from __future__ import annotations

from sys import intern

from pbx_crm.domain.call_roles import note_queue, note_variable
from pbx_crm.domain.gap import learn_answer
from pbx_crm.domain.live_calls import Handlers, LiveCalls
from pbx_crm.domain.live_channel import Channel
from pbx_crm.domain.pbx_event import (
    AgentCompleted,
    AppStarted,
    CdrSeen,
    QueueAbandoned,
    QueueJoined,
    RecordingStarted,
    VariableSet,
)


class NoteWatch:
    """Handlers of events that describe a call without changing it."""

    def __init__(self, calls: LiveCalls) -> None:
        self._calls = calls
        self.handlers: Handlers = {
            QueueJoined: self._on_queue_joined,
            QueueAbandoned: self._on_queue_abandoned,
            AgentCompleted: self._on_agent_completed,
            RecordingStarted: self._on_recording,
            VariableSet: self._on_variable,
            AppStarted: self._on_app,
            CdrSeen: self._on_cdr,
        }

    def _on_queue_joined(self, event: QueueJoined) -> None:
        channel = self._calls.live(event.uniqueid)
        if channel is not None:
            channel.call.queue, channel.queued = event.queue, True
            note_queue(channel)
            self._calls.announce(channel.call, event.at)

    def _on_queue_abandoned(self, event: QueueAbandoned) -> None:
        channel = self._calls.any(event.uniqueid)
        if channel is not None:
            channel.call.abandoned = True

    def _on_agent_completed(self, event: AgentCompleted) -> None:
        channel = self._calls.any(event.uniqueid)
        if channel is not None:
            learn_answer(channel.call, event.at, event.talk_seconds)

    def _on_recording(self, event: RecordingStarted) -> None:
        channel = self._calls.any(event.uniqueid)
        if channel is not None:
            channel.call.recorded = True

    def _on_variable(self, event: VariableSet) -> None:
        channel = self._calls.any(event.uniqueid)
        if channel is not None:
            note_variable(channel, event.name, event.value)

    def _on_app(self, event: AppStarted) -> None:
        channel = self._calls.live(event.uniqueid)
        if channel is None:
            return
        if event.exten == "h":
            channel.party_left_at = channel.party_left_at or event.at
            return
        self._ran(channel, event.app)

    def _on_cdr(self, event: CdrSeen) -> None:
        channel = self._calls.any(event.uniqueid)
        if channel is None:
            return
        self._ran(channel, event.app)
        # A queue call's billed seconds count the waiting; the queue itself tells the talk.
        if channel is channel.call.client and event.answered and channel.call.queue is None:
            learn_answer(channel.call, event.at, event.billed_seconds)

    def _ran(self, channel: Channel, app: str) -> None:
        channel.app = intern(app) or channel.app
        channel.voicemail = channel.voicemail or app.lower() == "voicemail"
