// VIRTIO 1.2, section 5.1.2: virtqueues; 5.1.6.5.5: automatic receive steering in multiqueue mode.
using System.Collections.Immutable;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>
/// The queue pairs. The first is the driver's own; pair N beside it has an actor, and interrupts on processor N. Frames of a flow leave by one pair (<see cref="FlowHash"/>), and
/// where they leave the device sends the flow's answers.
/// </summary>
public sealed partial class VirtioNetDevice
{
    /// <summary>A receive ring must hold a packet of the largest kind (33 buffers of 2 KB) and more.</summary>
    private const int SmallestRing = 64;

    private readonly QueuePair _first;
    private QueuePair[] _pairs;
    private ControlQueue? _control;
    private int _startedPairs;

    /// <summary>Whether the device has said yes to more pairs than the first, and the client knows that it runs: then each other one may have its actor.</summary>
    internal bool MayOpenPairs => IsRunning && _mayUsePairs && !IsStatusUntold;

    /// <summary>The pairs beside the first that <see cref="MayOpenPairs"/> is about, told who the client is.</summary>
    internal ReadOnlySpan<QueuePair> FurtherPairs
    {
        get
        {
            var further = _pairs.AsSpan(1, _startedPairs - 1);
            foreach (var pair in further)
            {
                pair.Reception.Client = _client.Client;
            }

            return further;
        }
    }

    private bool _mayUsePairs;

    /// <summary>So many that all rings together hold half of the frames at most: the others are on their way through the layers above.</summary>
    private int RingSize(int pairs) => pairs == 1
        ? _options.RingSizeLimit
        : Math.Min(_options.RingSizeLimit, Math.Max(SmallestRing, Math.Min(_options.ReceiveFrameCount, _options.TransmitFrameCount) / (2 * pairs)));

    private void CreateQueues(Action onInterrupt)
    {
        var pairs = _configuration.ReadPairs(_features, out var most);
        if (_pairs.Length < pairs)
        {
            _pairs = [.. _pairs, .. Enumerable.Range(_pairs.Length, pairs - _pairs.Length).Select(CreatePair)];
        }

        for (var index = 0; index < pairs; index++)
        {
            var pair = _pairs[index];
            if (pairs > 1)
            {
                _transport.ConnectQueueInterrupts(pair.FirstQueue, 2, index == 0 ? onInterrupt : pair.Interrupts.OnInterrupt, index);
            }

            pair.Start(CreateRing(pair.FirstQueue), CreateRing(pair.FirstQueue + 1), _features, _information!.MaximumTransmissionUnit);
            _startedPairs = index + 1;
        }

        if (pairs > 1)
        {
            // Behind all pairs that the device has, whether they are used or not.
            _control = new ControlQueue(_transport, 2 * most, _arena, _features);
        }

        FrameRing CreateRing(int queue) => new(Virtqueue.Create(_transport, queue, RingSize(pairs), _arena, _features));
    }

    private void OpenQueues()
    {
        for (var index = 0; index < _startedPairs; index++)
        {
            _pairs[index].Open();
        }

        _control?.AskForPairs(_startedPairs);
    }

    private void TakeAnswer()
    {
        if (_control is not null && !_mayUsePairs && IsRunning)
        {
            // A device that refuses goes on with the first pair.
            _mayUsePairs = _control.TryTakeAnswer(out var accepted) && accepted;
        }
    }

    private void RetireQueues()
    {
        foreach (var pair in _pairs)
        {
            pair.Retire();
        }

        _mayUsePairs = false;
        _startedPairs = 1;
        _control?.Dispose();
        _control = null;
    }

    private ImmutableArray<NetworkQueueStatistics> ReadQueueStatistics() =>
        _startedPairs == 1 ? [] : [.. _pairs.Take(_startedPairs).Select(static pair => new NetworkQueueStatistics(pair.Counters.ReceivedFrames, pair.Counters.TransmittedFrames, pair.Counters.Interrupts))];

    private QueuePair CreatePair(int index) => new(index, Name, _frames, _options, new NetworkDeviceCounters());
}
