// xen/include/public/io/netif.h: multi-queue-max-queues, multi-queue-num-queues.
using System.Collections.Immutable;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The queues. The first is the driver's own; queue N beside it has an actor, and a channel whose events go to processor N. Frames of a flow leave by one queue
/// (<see cref="FlowHash"/>); by which one its answers come in, the other half decides by a hash of its own.
/// </summary>
public sealed partial class NetFrontDevice
{
    private readonly NetFrontQueue _first;
    private NetFrontQueue[] _queues;
    private int _preparedQueues = 1;

    /// <summary>Whether the client knows that the device runs: then each queue beside the first may have its actor.</summary>
    internal bool MayOpenQueues => IsRunning && _preparedQueues > 1 && !IsStatusUntold;

    /// <summary>The queues beside the first that <see cref="MayOpenQueues"/> is about, told who the client is.</summary>
    internal ReadOnlySpan<NetFrontQueue> FurtherQueues
    {
        get
        {
            var further = _queues.AsSpan(1, _preparedQueues - 1);
            foreach (var queue in further)
            {
                queue.Reception.Client = _client.Client;
            }

            return further;
        }
    }

    /// <summary>
    /// Makes the rings and grants everything to the other domain, which does not know of it yet: it is told the numbers through xenstore and then
    /// connects. False: the other domain still holds pages of an earlier time; try again later.
    /// </summary>
    /// <param name="mostQueues">How many the other half takes.</param>
    /// <param name="onEvent">Called from then on for each event of the first queue.</param>
    /// <param name="numbers">What the other half is told, by queue.</param>
    internal bool TryPrepare(int mostQueues, Action onEvent, out NetFrontNumbers[] numbers)
    {
        numbers = [];
        Stop();
        if (!TryTakeBack())
        {
            return false;
        }

        var count = Math.Clamp(mostQueues, 1, Math.Max(1, _options.Queues));
        if (_queues.Length < count)
        {
            _queues = [.. _queues, .. Enumerable.Range(_queues.Length, count - _queues.Length).Select(CreateQueue)];
        }

        _frames.Grant(_frontend);
        numbers = new NetFrontNumbers[count];
        for (var index = 0; index < count; index++)
        {
            var queue = _queues[index];
            numbers[index] = queue.Prepare(_frontend, count, index == 0 ? onEvent : queue.Interrupts.OnInterrupt);
        }

        _preparedQueues = count;
        return true;
    }

    private bool TryTakeBack()
    {
        if (!_frontend.TryTakeBackGrants())
        {
            return false;
        }

        foreach (var queue in _queues)
        {
            queue.Abandon();
        }

        return true;
    }

    private ImmutableArray<NetworkQueueStatistics> ReadQueueStatistics() => !IsRunning || _preparedQueues == 1
        ? []
        : [.. _queues.Take(_preparedQueues).Select(static queue => new NetworkQueueStatistics(queue.Counters.ReceivedFrames, queue.Counters.TransmittedFrames, queue.Counters.Interrupts))];

    private NetFrontQueue CreateQueue(int index) => new(index, Name, _frames, _arena, _options, new NetworkDeviceCounters());
}
