using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>What a mailbox has only once it was full: the senders that wait, and the count of messages dropped. It takes the place of the options, which it knows.</summary>
internal sealed class MailboxOverflow<TMessage, TMemory>(MailboxOptions options) where TMemory : struct, IMemory
{
    private long _dropped;

    internal MailboxOptions Options { get; } = options;

    internal SendWaiters<TMessage, TMemory> Waiters { get; } = new();

    internal long Dropped => TMemory.LoadAcquire(ref _dropped);

    internal void CountDropped() => TMemory.Add(ref _dropped, 1);
}
