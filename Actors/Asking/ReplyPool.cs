using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>Pending replies ready for use. A few slots, each taken and filled by one exchange; what finds none is left to the collector.</summary>
internal sealed class ReplyPool<[Sendable] TReply>(ActorSystem system)
{
    /// <summary>As many asks as commonly overlap; more at once allocate.</summary>
    private const int Slots = 64;

    private readonly PendingReply<TReply>?[] _slots = new PendingReply<TReply>?[Slots];
    private int _next;

    internal PendingReply<TReply> Rent()
    {
        int start = ProcessorMemory.LoadAcquire(ref _next);
        for (int step = 0; step < Slots; step++)
        {
            ref PendingReply<TReply>? slot = ref _slots[(start - 1 - step) & (Slots - 1)];
            if (ProcessorMemory.LoadAcquire(ref slot) is not null && ProcessorMemory.Exchange(ref slot, null) is { } pending)
            {
                // A hint where to look next, no more.
                ProcessorMemory.StoreRelease(ref _next, start - 1 - step);
                return pending;
            }
        }

        return new PendingReply<TReply>(this, system);
    }

    internal void Return(PendingReply<TReply> pending)
    {
        int start = ProcessorMemory.LoadAcquire(ref _next);
        for (int step = 0; step < Slots; step++)
        {
            ref PendingReply<TReply>? slot = ref _slots[(start + step) & (Slots - 1)];
            if (ProcessorMemory.LoadAcquire(ref slot) is null && ProcessorMemory.CompareExchange(ref slot, pending, null) is null)
            {
                ProcessorMemory.StoreRelease(ref _next, start + step + 1);
                return;
            }
        }
    }
}
