using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Queues;

namespace Troupe.Drivers.Block;

/// <summary>
/// The queues of a block device. The first is the driver's own, each other one has an actor (<see cref="FurtherQueues{TMessage}"/>). A batch goes to the queue that has the fewest, the first of
/// these. In the driver's turns.
/// </summary>
internal sealed class BlockQueues<TQueue>
    where TQueue : BlockQueue
{
    private readonly Func<int, TQueue> _create;
    private readonly int _maximumBatches;
    private TQueue[] _all;
    private int _used = 1;

    /// <summary>Begins with the first.</summary>
    /// <param name="create">Makes the queue of a number, once: it outlives every start of the device.</param>
    /// <param name="maximumBatches">Batches that all of them together may have.</param>
    public BlockQueues(Func<int, TQueue> create, int maximumBatches)
    {
        (_create, _maximumBatches) = (create, maximumBatches);
        _all = [create(0)];
    }

    /// <summary>The driver's own.</summary>
    public TQueue First => _all[0];

    /// <summary>All that there ever were.</summary>
    public ReadOnlySpan<TQueue> All => _all;

    /// <summary>Those that the device has.</summary>
    public ReadOnlySpan<TQueue> Used => _all.AsSpan(0, _used);

    /// <summary>Those beside the first that the device has, each of which may have its actor.</summary>
    public ReadOnlySpan<TQueue> Further => _all.AsSpan(1, _used - 1);

    /// <summary>A number that moves on whenever a request is over.</summary>
    public long Completed
    {
        get
        {
            long completed = 0;
            foreach (var queue in _all)
            {
                completed += queue.Completed;
            }

            return completed;
        }
    }

    /// <summary>Whether requests of any are at the device.</summary>
    public bool AreInFlight
    {
        get
        {
            var areInFlight = false;
            foreach (var queue in _all)
            {
                areInFlight |= queue.InFlight > 0;
            }

            return areInFlight;
        }
    }

    /// <summary>The device has so many from now on.</summary>
    public void Use(int count)
    {
        if (_all.Length < count)
        {
            _all = [.. _all, .. Enumerable.Range(_all.Length, count - _all.Length).Select(_create)];
        }

        _used = count;
    }

    /// <summary>What the operations of all are checked against.</summary>
    public void Describe(BlockDeviceInformation information)
    {
        foreach (var queue in _all)
        {
            queue.Information = information;
        }
    }

    /// <summary>Takes a batch, or answers it at once if nothing can be done with it.</summary>
    /// <param name="batch">The client's.</param>
    /// <param name="reply">Where its answer goes.</param>
    /// <param name="isRunning">Whether the device is in use.</param>
    /// <param name="incarnation">How often it was started.</param>
    public void Submit(BlockBatch batch, Reply<BlockBatch> reply, bool isRunning, int incarnation)
    {
        batch.Begin();
        if (isRunning && TryChoose(out var queue))
        {
            queue.Submit(batch, reply);
            return;
        }

        First.Counters.Refused += batch.EndAll(isRunning ? BlockStatus.Busy : BlockStatus.DeviceReset);
        BlockBatch.Answer(batch, reply, incarnation);
    }

    /// <inheritdoc cref="BatchPump.AbandonInFlight"/>
    public void AbandonInFlight()
    {
        foreach (var queue in _all)
        {
            queue.AbandonInFlight();
        }
    }

    /// <summary>The sums, and what each queue did if there are several.</summary>
    public BlockDeviceStatistics ReadStatistics()
    {
        BlockDeviceCounters sum = new();
        foreach (var queue in _all)
        {
            queue.Counters.AddTo(sum);
            sum.Notifications += queue.UncountedNotifications;
        }

        return sum.Read() with { Queues = ReadQueueStatistics() };
    }

    /// <summary>The open queue with the fewest batches. False: all together have as many as may be.</summary>
    private bool TryChoose(out TQueue chosen)
    {
        chosen = First;
        long least = long.MaxValue, all = 0;
        foreach (var queue in Used)
        {
            var load = queue.Load;
            all += load;
            if (load < least && queue.IsOpen)
            {
                (chosen, least) = (queue, load);
            }
        }

        return all < _maximumBatches;
    }

    private ImmutableArray<BlockQueueStatistics> ReadQueueStatistics() =>
        _used == 1 ? [] : [.. _all.Take(_used).Select(static queue => new BlockQueueStatistics(queue.Completed, queue.Counters.Interrupts))];
}
