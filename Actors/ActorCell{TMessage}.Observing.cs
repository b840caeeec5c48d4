namespace Troupe.Actors;

internal sealed partial class ActorCell<TMessage>
{
    internal override string BehaviourName => (_behaviour is BecomeBehaviour<TMessage> become ? become.Original : _behaviour).GetType().Name;

    internal override (long Messages, long Bytes) Taken
    {
        get
        {
            ObservedState? observed = ObservedIfAny;
            long messages = Self.Mailbox.HeadPosition - Self.Mailbox.Evicted + (observed?.Delivered ?? 0);
            return (messages, (messages * MessageSize<TMessage>.Value) + (observed?.OwnedBytes ?? 0));
        }
    }

    internal override long Accepted => Self.Mailbox.TailPosition;

    internal override int MailboxCapacity => Self.Mailbox.Options.Capacity;

    /// <summary>A message that did not come through the mailbox.</summary>
    internal void DeliverBesideMailbox(TMessage message)
    {
        Optional.Observed.CountDelivered();
        Deliver(message);
    }

    private void ReportDeadLetter(in TMessage message)
    {
        if (TraceSwitch.IsOn)
            Tracing.DeadLetter(this, typeof(TMessage));
        System.ReportDeadLetter(Name, in message);
    }

    /// <summary>A message that knows what it owns has come out of the mailbox.</summary>
    private void Measure(in TMessage message) => Optional.Observed.CountOwnedBytes(((IMeasured)message!).OwnedBytes);
}
