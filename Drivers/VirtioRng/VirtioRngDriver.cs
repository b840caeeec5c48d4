// VIRTIO 1.2, section 5.4: entropy device.
using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioRng;

/// <summary>
/// The actor that drives a virtio entropy device: one buffer at the device at a time, filled for the oldest request. Spawn it
/// with a factory and <see cref="FailurePolicy.Restart"/>.
/// </summary>
public sealed class VirtioRngDriver : Actor<EntropyMessage>, IRestartsToSwap
{
    /// <summary>Bytes of DMA memory that suffice: a buffer and a small ring, twice because one set may be in quarantine.</summary>
    public const long RequiredDmaMemory = 2 * (EntropyMessage.MaximumCount + 4096);

    private const int RequestQueue = 0;
    private const int RingSizeLimit = 8;

    /// <summary>Requests that wait at most; one more is refused at once.</summary>
    private const int MaximumWaiting = 64;

    /// <summary>A host may ration its entropy; longer than this, it is as good as dead.</summary>
    private static readonly TimeSpan DeviceTimeout = TimeSpan.FromSeconds(5);

    private readonly IVirtioTransport _transport;
    private readonly DmaArena _arena;
    private readonly Queue<EntropyMessage> _waiting = new();
    private readonly DeviceRecovery _recovery;
    private ActorRef<EntropyMessage>? _self;
    private TimerHandle _deadline;
    private Virtqueue? _queue;
    private DmaBlock? _buffer;
    private byte[] _collected = [];
    private int _collectedCount;
    private long _delivered;
    private int _interrupted;

    /// <summary>Creates an incarnation of the driver.</summary>
    public VirtioRngDriver(IVirtioTransport transport, DmaArena arena)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(arena);
        _transport = transport;
        _arena = arena;
        _recovery = new DeviceRecovery(StartDevice, StopDevice, delay => _deadline.Restart(delay), arena);
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _deadline = Context.CreateTimer(EntropyMessage.Deadline());
        if (_arena.IsRevoked)
        {
            _recovery.Begin();
        }
        else
        {
            StartDevice();
        }
    }

    /// <inheritdoc/>
    protected override void Stopped()
    {
        FailWaiting(new VirtioException($"{_transport.Name} was stopped."));
        StopDevice();
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(EntropyMessage message)
    {
        try
        {
            if (message.Kind == EntropyMessageKind.Request)
            {
                Accept(message);
            }
            else if (message.Kind == EntropyMessageKind.Deadline)
            {
                OnTimer();
            }

            // As in every driver: the flag is looked at in each turn, so that a full mailbox loses no interrupt.
            if (ProcessorMemory.LoadAcquire(ref _interrupted) != 0 && ProcessorMemory.Exchange(ref _interrupted, 0) != 0)
            {
                TakeInterrupt();
            }
        }
        catch (DeviceViolationException violation)
        {
            Recover(violation);
        }

        return default;
    }

    private void OnTimer()
    {
        if (_recovery.IsResting)
        {
            _recovery.GoOn();
            GoOn();
        }
        else if (!_deadline.IsActive && _queue!.BuffersInFlight > 0)
        {
            throw new DeviceViolationException($"{_transport.Name} delivered nothing for {DeviceTimeout}.");
        }
    }

    private void TakeInterrupt()
    {
        if (_recovery.IsResting)
        {
            // Interrupts of the time before a reset still arrive; the line must not stay masked for the next start.
            _transport.AcknowledgeInterrupt();
            return;
        }

        _transport.TakeInterruptCauses();
        _transport.AcknowledgeInterrupt();
        Collect();
    }

    private void Accept(EntropyMessage request)
    {
        if (_recovery.IsResting)
        {
            request.Reply.TryFail(LeftAlone());
            return;
        }

        if (_waiting.Count == MaximumWaiting)
        {
            request.Reply.TryFail(new VirtioException($"{_transport.Name} has {MaximumWaiting} requests waiting."));
            return;
        }

        _waiting.Enqueue(request);
        if (_waiting.Count == 1)
        {
            Begin();
        }
    }

    /// <summary>Begins the oldest request.</summary>
    private void Begin()
    {
        _collected = new byte[_waiting.Peek().Count];
        _collectedCount = 0;
        Post();
    }

    private void Post()
    {
        var segment = new VirtqueueSegment(_buffer!, 0, _collected.Length - _collectedCount, IsDeviceWritable: true);
        _queue!.TryAdd(new ReadOnlySpan<VirtqueueSegment>(in segment), out _);
        _queue.Publish();
        _deadline.Restart(DeviceTimeout);
    }

    private void Collect()
    {
        do
        {
            while (_queue!.TryTakeUsed(out var used))
            {
                if (used.Length == 0)
                {
                    throw new DeviceViolationException($"{_transport.Name} gave back an empty buffer.");
                }

                Take(used.Length);
            }
        }
        while (!_queue.TryEnableInterrupts());
    }

    private void Take(int count)
    {
        _deadline.Cancel();
        _delivered += count;
        var bytes = _buffer!.Memory.Span[..count];
        bytes.CopyTo(_collected.AsSpan(_collectedCount));
        // Nobody else may find them there.
        bytes.Clear();
        _collectedCount += count;
        if (_collectedCount < _collected.Length)
        {
            Post();
            return;
        }

        _waiting.Dequeue().Reply.Set(ImmutableArray.Create(_collected));
        _collected.AsSpan().Clear();
        if (_waiting.Count > 0)
        {
            Begin();
        }
    }

    private void Recover(Exception violation)
    {
        if (_waiting.TryDequeue(out var failed))
        {
            failed.Reply.TryFail(violation);
        }

        _recovery.OnViolation(_delivered);
        GoOn();
    }

    /// <summary>After a start, or instead of one.</summary>
    private void GoOn()
    {
        if (_recovery.IsResting)
        {
            FailWaiting(LeftAlone());
        }
        else if (_waiting.Count > 0)
        {
            Begin();
        }
    }

    private VirtioException LeftAlone() =>
        new(_arena.IsRevoked ? $"The capability of {_transport.Name} was revoked." : $"{_transport.Name} is left in reset for a while.");

    private void FailWaiting(Exception reason)
    {
        while (_waiting.TryDequeue(out var request))
        {
            request.Reply.TryFail(reason);
        }
    }

    private void StartDevice()
    {
        StopDevice();
        var features = VirtioHandshake.Negotiate(_transport, static _ => VirtioFeatures.EventIndex);
        _transport.ConnectInterrupts(OnInterrupt);
        _buffer = _arena.Allocate(EntropyMessage.MaximumCount, sizeof(ulong));
        _queue = Virtqueue.Create(_transport, RequestQueue, RingSizeLimit, _arena, features);
        VirtioHandshake.Finish(_transport);
    }

    private void StopDevice()
    {
        _deadline.Cancel();
        _queue?.Dispose();
        _buffer?.Dispose();
        _queue = null;
        _buffer = null;
        // The buffer is this driver's own, and waits in quarantine like the ring; who waits for octets does not wait for the device.
        VirtioHandshake.EndUse(_transport, _arena, static () => { }, static () => { });
    }

    /// <summary>Runs on a worker, outside this actor's turns.</summary>
    private void OnInterrupt()
    {
        if (ProcessorMemory.Exchange(ref _interrupted, 1) == 0)
        {
            _self!.TryTell(EntropyMessage.Interrupt());
        }
    }
}
