// xen/include/public/io/blkif.h: multi-queue-max-queues, multi-queue-num-queues.
using Troupe.Actors;
using Troupe.Drivers.Block;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>The queues. The first is the driver's own; queue N beside it has an actor, and a channel whose events go to processor N. All have the same buffers and the same grants of them.</summary>
public sealed partial class BlkFrontDevice
{
    private readonly BlockQueues<BlkFrontQueue> _queues;

    /// <summary>The driver's own.</summary>
    internal BlkFrontQueue First => _queues.First;

    /// <summary>The queues beside the first that the connected device has, each of which may have its actor.</summary>
    internal ReadOnlySpan<BlkFrontQueue> FurtherQueues => _queues.Further;

    /// <inheritdoc cref="BlockQueues{TQueue}.Completed"/>
    internal long Completed => _queues.Completed;

    /// <summary>Takes a batch, answers it at once if nothing can be done with it, and puts as much of it into a ring as there is room for.</summary>
    internal void Submit(BlockBatch batch, Reply<BlockBatch> reply) => _queues.Submit(batch, reply, IsRunning, _incarnation);

    /// <summary>Shows the other half what the first queue was given.</summary>
    internal void Publish() => First.Publish();

    /// <summary>Takes back every request of the first queue that is over, and gives the other half what waits there.</summary>
    /// <exception cref="XenViolationException">The other end broke the protocol.</exception>
    internal void Service()
    {
        if (IsRunning)
        {
            First.Service();
        }
    }

    /// <summary>
    /// Makes the rings and grants everything to the other domain, which does not know of it yet: it is told the numbers through xenstore and then
    /// connects. False: the other domain still holds pages of an earlier time.
    /// </summary>
    /// <param name="mostQueues">How many the other half takes.</param>
    /// <param name="onEvent">Called from then on for each event of the first queue.</param>
    /// <param name="numbers">What the other half is told, by queue.</param>
    internal bool TryPrepare(int mostQueues, Action onEvent, out BlkFrontNumbers[] numbers)
    {
        numbers = [];
        Stop();
        if (_queues.AreInFlight || !_frontend.TryTakeBackGrants())
        {
            return false;
        }

        _queues.Use(Math.Clamp(mostQueues, 1, Math.Max(1, _options.Queues)));
        // For writing too, all of them: who keeps pages mapped maps them once, for requests of both directions.
        Grant(_frontend, _bufferMemory, _bufferGrants);
        numbers = new BlkFrontNumbers[_queues.Used.Length];
        foreach (var queue in _queues.Used)
        {
            numbers[queue.Index] = queue.Prepare(_frontend, numbers.Length, queue.Index == 0 ? onEvent : queue.OnInterrupt);
        }

        IsPrepared = true;
        return true;
    }

    internal BlockDeviceStatistics ReadStatistics() => _queues.ReadStatistics();

    private BlkFrontQueue CreateQueue(int index) => new(index, Name, _arena, _handle, _bufferGrants, _options);
}
