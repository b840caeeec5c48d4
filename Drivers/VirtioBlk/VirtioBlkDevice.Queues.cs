// VIRTIO 1.2, section 5.2.2: virtqueues.
using Troupe.Actors;
using Troupe.Drivers.Block;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>The queues. The first is the driver's own; queue N beside it has an actor, and interrupts on processor N.</summary>
public sealed partial class VirtioBlkDevice
{
    private readonly BlockQueues<RequestQueue> _queues;

    /// <summary>The driver's own.</summary>
    internal RequestQueue First => _queues.First;

    /// <summary>The queues beside the first that the running device has, each of which may have its actor.</summary>
    internal ReadOnlySpan<RequestQueue> FurtherQueues => _queues.Further;

    /// <inheritdoc cref="BlockQueues{TQueue}.Completed"/>
    internal long Completed => _queues.Completed;

    /// <summary>Each beside the first with an interrupt to a processor of its own, or there is no use in it.</summary>
    private int MostQueues => Math.Min(_options.Queues, 1 + _transport.SeparateInterrupts);

    /// <summary>
    /// Takes a batch, answers it at once if nothing can be done with it, and puts as much of it into a ring as there is room for; the device is shown that when the queue is published.
    /// </summary>
    public void Submit(BlockBatch batch, Reply<BlockBatch> reply)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _queues.Submit(batch, reply, IsRunning, _incarnation);
    }

    internal BlockDeviceStatistics ReadStatistics() => _queues.ReadStatistics();

    private void StartQueues()
    {
        var configuration = new VirtioBlkConfiguration(_transport, _features);
        _queues.Use(Math.Min(configuration.ReadQueueCount(), MostQueues));
        var smallest = int.MaxValue;
        foreach (var queue in _queues.Used)
        {
            if (queue != First)
            {
                _transport.ConnectQueueInterrupts(queue.Index, 1, queue.OnInterrupt, queue.Index);
            }

            queue.Start(Virtqueue.Create(_transport, queue.Index, _options.RingSizeLimit, _arena, _features));
            smallest = Math.Min(smallest, queue.Size);
        }

        _incarnation++;
        var segmentSize = configuration.ReadSegmentSize();
        // Header and status take a descriptor each.
        var segments = Math.Min(configuration.ReadSegmentCount(), smallest - 2);
        _information = ReadInformation(configuration, segments, segmentSize);
        foreach (var queue in _queues.All)
        {
            queue.Describe(_information, segmentSize, segments);
        }
    }

    private void RetireQueues()
    {
        foreach (var queue in _queues.All)
        {
            queue.Retire();
        }

        _queues.Use(1);
    }

    private RequestQueue CreateQueue(int index) => new(index, Name, _arena, _bufferMemory, _options);
}
