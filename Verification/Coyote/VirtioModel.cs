using Microsoft.Coyote.Runtime;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;
using Troupe.Verification.Protocols;

namespace Troupe.Verification.Coyote;

/// <summary>
/// A virtio device and the way to its registers, for Coyote: each access to a ring or a register is a scheduling point, on either side. Its rings are
/// <see cref="ModelQueue"/>. The interrupt line is level-triggered and stays masked from an interrupt until the driver acknowledges it; queues that are
/// given an interrupt of their own have a message, which is never masked.
/// </summary>
internal sealed class VirtioModel(int queues, int queueSize, bool interruptsFirst = false, ulong features = 0) : IVirtioTransport
{
    private readonly object _bell = new();
    private readonly ModelQueue?[] _queues = new ModelQueue?[queues];
    private readonly bool[] _rung = new bool[queues];
    private readonly Action?[] _separate = new Action?[queues];
    private Action? _onInterrupt;
    private ulong _features;
    private uint _causes;
    private bool _isBusy;
    private bool _masked = true;

    /// <summary>What the driver is told of (5.1.4): address, link status, ...</summary>
    public byte[] Configuration { get; } = new byte[64];

    public VirtioStatus Status { get; private set; }

    public int Resets { get; private set; }

    public string Name => "model";

    public VirtioDeviceType DeviceType => VirtioDeviceType.Network;

    public int ConfigurationLength => Configuration.Length;

    /// <summary>What a scheduling point is here.</summary>
    public static void Point() => SchedulingPoint.Interleave();

    public ModelArena CreateArena() => new();

    /// <summary>The device waits until the driver has notified it of a queue since it last did; false: the device is over.</summary>
    public bool WaitForNotification(int queue)
    {
        lock (_bell)
        {
            while (!_rung[queue])
            {
                if (IsOver) return false;
                Monitor.Wait(_bell);
            }

            _rung[queue] = false;
            return true;
        }
    }

    /// <summary>The device waits until the driver has notified it of any queue since it last did.</summary>
    public void WaitForNotification()
    {
        lock (_bell)
        {
            while (Array.IndexOf(_rung, true) < 0) Monitor.Wait(_bell);
            Array.Clear(_rung);
        }
    }

    /// <summary>The device does something with its rings that a reset does not interrupt: the driver's reset waits for the end of it (2.4.1).</summary>
    public void Do(Action work)
    {
        lock (_bell) _isBusy = true;
        work();
        lock (_bell)
        {
            _isBusy = false;
            Monitor.PulseAll(_bell);
        }
    }

    /// <summary>Nothing more is to come from the driver.</summary>
    public bool IsOver { get; private set; }

    public void End()
    {
        lock (_bell)
        {
            IsOver = true;
            Monitor.PulseAll(_bell);
        }
    }

    /// <summary>Takes the next buffer that the driver made available: its name and where the device reads or writes. After a reset there is none.</summary>
    public bool TryPop(int queue, out int head, out Memory<byte> memory)
    {
        var isThere = TryPopChain(queue, out head, out var pieces);
        memory = isThere ? pieces[0] : default;
        return isThere;
    }

    /// <summary>The same with all its pieces.</summary>
    public bool TryPopChain(int queue, out int head, out IReadOnlyList<Memory<byte>> pieces)
    {
        (head, pieces) = (0, []);
        if (_queues[queue] is not { } rings || !rings.TryPop(out head, out var chain)) return false;
        pieces = [.. chain.Select(static piece => piece.Memory)];
        return true;
    }

    /// <summary>Gives a buffer back and interrupts if the driver asked for that.</summary>
    public void Push(int queue, int head, int written)
    {
        if (_queues[queue] is not { } rings) return;
        if (interruptsFirst) Interrupt(queue);
        if (rings.Push(head, written) && !interruptsFirst) Interrupt(queue);
    }

    /// <summary>Asks the driver for a reset (2.1.2).</summary>
    public void AskForReset()
    {
        Status |= VirtioStatus.NeedsReset;
        Interlocked.Or(ref _causes, 2);
        Raise();
    }

    public VirtioStatus ReadStatus()
    {
        Point();
        return Status;
    }

    public void WriteStatus(VirtioStatus status)
    {
        Point();
        Status = status;
        if (status != VirtioStatus.Reset) return;
        lock (_bell)
        {
            while (_isBusy) Monitor.Wait(_bell);
            Resets++;
            _causes = 0;
            Array.Clear(_queues);
        }
    }

    public ulong ReadDeviceFeatures() => VirtioFeatures.Version1 | VirtioFeatures.EventIndex | features;

    public void WriteDriverFeatures(ulong features) => _features = features;

    public int ReadMaximumQueueSize(int queue) => queue < _queues.Length ? queueSize : 0;

    public void EnableQueue(int queue, DmaBlock rings, VirtqueueLayout layout)
    {
        Assert.True((_features & VirtioFeatures.EventIndex) != 0 || Status == 0, "the model has event indices");
        Point();
        _queues[queue] = ModelQueue.Create(ReadDeviceFeatures(), ((ModelBlock)rings).DeviceSide(), layout, at => ((ModelBlock)rings).Addresses[at]);
    }

    public void Notify(int queue)
    {
        Point();
        lock (_bell)
        {
            _rung[queue] = true;
            Monitor.PulseAll(_bell);
        }
    }

    public uint ReadConfigurationGeneration() => 0;

    public byte ReadConfiguration8(int offset) => Configuration[offset];

    public ushort ReadConfiguration16(int offset) => BitConverter.ToUInt16(Configuration, offset);

    public uint ReadConfiguration32(int offset) => BitConverter.ToUInt32(Configuration, offset);

    public void ConnectInterrupts(Action onInterrupt)
    {
        Point();
        _onInterrupt = onInterrupt;
        _masked = false;
        Raise();
    }

    public int SeparateInterrupts => queues / 2;

    public void ConnectQueueInterrupts(int firstQueue, int count, Action onInterrupt, int processor)
    {
        Point();
        _separate.AsSpan(firstQueue, count).Fill(onInterrupt);
    }

    public VirtioInterruptCauses TakeInterruptCauses()
    {
        Point();
        // A register that reading clears: nothing falls between.
        var taken = Interlocked.Exchange(ref _causes, 0);
        return (taken & 2) != 0 ? VirtioInterruptCauses.Queue | VirtioInterruptCauses.Configuration : VirtioInterruptCauses.Queue;
    }

    public void AcknowledgeInterrupt()
    {
        Point();
        if (_onInterrupt is null) return;
        _masked = false;
        Raise();
    }

    public void DisconnectInterrupts()
    {
        Point();
        _masked = true;
        _onInterrupt = null;
        Array.Clear(_separate);
    }

    public void SetMemoryAccess(bool enabled)
    {
    }

    private void Interrupt(int queue)
    {
        Point();
        if (_separate[queue] is { } callback)
        {
            callback();
            return;
        }

        Interlocked.Or(ref _causes, 1);
        Raise();
    }

    private void Raise()
    {
        if (_masked || _causes == 0) return;
        _masked = true;
        var callback = _onInterrupt;
        Point();
        callback?.Invoke();
    }
}
