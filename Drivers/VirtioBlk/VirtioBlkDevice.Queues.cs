// VIRTIO 1.2, section 5.2.2: virtqueues.
using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>The queues. The first is the driver's own; queue N beside it has an actor, and interrupts on processor N. A batch goes to the queue that has the fewest, the first of these.</summary>
public sealed partial class VirtioBlkDevice
{
    private RequestQueue[] _queues;
    private int _startedQueues = 1;

    /// <summary>The driver's own.</summary>
    internal RequestQueue First { get; }

    /// <summary>The queues beside the first that the running device has, each of which may have its actor.</summary>
    internal ReadOnlySpan<RequestQueue> FurtherQueues => _queues.AsSpan(1, _startedQueues - 1);

    /// <summary>A number that moves on whenever a request is over.</summary>
    internal long Completed
    {
        get
        {
            long completed = 0;
            foreach (var queue in _queues)
            {
                completed += queue.Completed;
            }

            return completed;
        }
    }

    /// <summary>Each beside the first with an interrupt to a processor of its own, or there is no use in it.</summary>
    private int MostQueues => Math.Min(_options.Queues, 1 + _transport.SeparateInterrupts);

    /// <summary>
    /// Takes a batch, answers it at once if nothing can be done with it, and puts as much of it into a ring as there is room for; the device is shown that when the queue is published.
    /// </summary>
    public void Submit(BlockBatch batch, Reply<BlockBatch> reply)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.Begin();
        if (IsRunning && TryChooseQueue(out var queue))
        {
            queue.Submit(batch, reply);
            return;
        }

        _counters.Refused += batch.EndAll(IsRunning ? BlockStatus.Busy : BlockStatus.DeviceReset);
        BlockBatch.Answer(batch, reply, _incarnation);
    }

    internal BlockDeviceStatistics ReadStatistics()
    {
        BlockDeviceCounters sum = new();
        foreach (var queue in _queues)
        {
            queue.Counters.AddTo(sum);
            sum.Notifications += queue.Notifications;
        }

        return sum.Read() with { Queues = ReadQueueStatistics() };
    }

    /// <summary>The open queue with the fewest batches. False: all together have as many as may be.</summary>
    private bool TryChooseQueue(out RequestQueue chosen)
    {
        chosen = First;
        long least = long.MaxValue, all = 0;
        for (var index = 0; index < _startedQueues; index++)
        {
            var queue = _queues[index];
            var load = queue.Load;
            all += load;
            if (load < least && queue.IsOpen)
            {
                (chosen, least) = (queue, load);
            }
        }

        return all < _options.MaximumBatches;
    }

    private void StartQueues()
    {
        var configuration = new VirtioBlkConfiguration(_transport, _features);
        var count = Math.Min(configuration.ReadQueueCount(), MostQueues);
        if (_queues.Length < count)
        {
            _queues = [.. _queues, .. Enumerable.Range(_queues.Length, count - _queues.Length).Select(CreateQueue)];
        }

        var smallest = int.MaxValue;
        for (_startedQueues = 0; _startedQueues < count; _startedQueues++)
        {
            var queue = _queues[_startedQueues];
            if (queue != First)
            {
                _transport.ConnectQueueInterrupts(queue.Index, 1, queue.OnInterrupt, queue.Index);
            }

            queue.Start(Virtqueue.Create(_transport, queue.Index, _options.RingSizeLimit, _arena, _features));
            smallest = Math.Min(smallest, queue.Size);
        }

        _incarnation++;
        var segmentSize = configuration.ReadSegmentSize();
        _information = ReadInformation(configuration, smallest, segmentSize);
        foreach (var queue in _queues)
        {
            queue.Describe(_information, segmentSize);
        }
    }

    private void RetireQueues()
    {
        foreach (var queue in _queues)
        {
            queue.Retire();
        }

        _startedQueues = 1;
    }

    private ImmutableArray<BlockQueueStatistics> ReadQueueStatistics() =>
        _startedQueues == 1 ? [] : [.. _queues.Take(_startedQueues).Select(static queue => new BlockQueueStatistics(queue.Completed, queue.Counters.Interrupts))];

    private RequestQueue CreateQueue(int index) => new(index, Name, _arena, _bufferMemory, _options);
}
