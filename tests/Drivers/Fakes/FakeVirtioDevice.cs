using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>A virtio device apart from its transport: status, features, configuration, queues.</summary>
internal sealed class FakeVirtioDevice
{
    private uint _isr;

    public FakeVirtioDevice(FakeMemory memory, VirtioDeviceType type, int queueCount, int queueSize, ulong features)
    {
        Memory = memory;
        Type = type;
        MaximumQueueSize = queueSize;
        OfferedFeatures = features | VirtioFeatures.Version1;
        Queues = [.. Enumerable.Range(0, queueCount).Select(index => new FakeQueue(memory, this, index))];
    }

    public FakeMemory Memory { get; }

    public VirtioDeviceType Type { get; }

    public int MaximumQueueSize { get; }

    public ulong OfferedFeatures { get; set; }

    public ulong DriverFeatures { get; set; }

    public bool HasEventIndex => (DriverFeatures & VirtioFeatures.EventIndex) != 0;

    public bool IsPacked => (DriverFeatures & VirtioFeatures.RingPacked) != 0;

    public bool WantsNotifications { get; set; } = true;

    public FakeQueue[] Queues { get; }

    public byte[] Configuration { get; } = new byte[64];

    public VirtioStatus Status { get; private set; }

    public int Resets { get; private set; }

    public bool RefusesReset { get; set; }

    /// <summary>Interrupts raised but not taken, as the status register shows them.</summary>
    public uint InterruptStatus => _isr;

    /// <summary>Called on notification, on the driver's thread.</summary>
    public Action<int> OnNotify { get; set; } = static _ => { };

    /// <summary>Set by the transport: delivers an interrupt of a queue (0 up) or of the configuration (-1).</summary>
    public Action<int> Deliver { get; set; } = static _ => { };

    public void WriteStatus(VirtioStatus status)
    {
        if (status != VirtioStatus.Reset)
        {
            Status = status;
            return;
        }

        if (RefusesReset)
        {
            Status = VirtioStatus.NeedsReset;
            return;
        }

        Resets++;
        Status = VirtioStatus.Reset;
        DriverFeatures = 0;
        _isr = 0;
        foreach (var queue in Queues)
        {
            queue.Reset();
        }
    }

    public void Notify(int queue)
    {
        Assert.True((Status & VirtioStatus.DriverOk) != 0, "The driver notified before DRIVER_OK.");
        Queues[queue].Notifications++;
        OnNotify(queue);
    }

    public void InterruptQueue(int queue)
    {
        _isr |= 1;
        Deliver(queue);
    }

    public void ChangeConfiguration()
    {
        _isr |= 2;
        Deliver(-1);
    }

    public void AskForReset()
    {
        Status |= VirtioStatus.NeedsReset;
        ChangeConfiguration();
    }

    public void AcknowledgeInterrupt(uint causes) => _isr &= ~causes;

    public uint TakeInterruptStatus()
    {
        var taken = _isr;
        _isr = 0;
        return taken;
    }

    /// <summary>Puts a frame (with its device header) into a receive buffer of a queue pair; false if the driver has given none.</summary>
    public bool TryReceive(ReadOnlySpan<byte> frame, int pair = 0)
    {
        if (!Queues[2 * pair].TryPop(out var head, out var pieces))
        {
            return false;
        }

        var piece = Assert.Single(pieces);
        Assert.True(piece.Writable);
        var target = Memory.At(piece.Address, piece.Length);
        target[..12].Clear();
        target[10] = 1;
        frame.CopyTo(target[12..]);
        Queues[2 * pair].PushAndInterrupt((uint)head, (uint)(12 + frame.Length));
        return true;
    }

    /// <summary>
    /// Puts a packet with a device header of the test's into as many receive buffers as it takes, and says it took <paramref name="claimed"/> of them if that is
    /// not negative. All are used before the driver sees any.
    /// </summary>
    public bool TryReceiveLarge(ReadOnlySpan<byte> header, ReadOnlySpan<byte> packet, int claimed = -1)
    {
        Assert.Equal(12, header.Length);
        byte[] bytes = [.. header, .. packet];
        List<(int Head, ulong Address, int Length)> buffers = [];
        for (var done = 0; done < bytes.Length;)
        {
            if (!Queues[0].TryPop(out var head, out var pieces))
            {
                return false;
            }

            var piece = Assert.Single(pieces);
            var length = Math.Min(piece.Length, bytes.Length - done);
            bytes.AsSpan(done, length).CopyTo(Memory.At(piece.Address, length));
            buffers.Add((head, piece.Address, length));
            done += length;
        }

        var count = claimed < 0 ? buffers.Count : claimed;
        Memory.At(buffers[0].Address + 10, 1)[0] = (byte)count;
        Memory.At(buffers[0].Address + 11, 1)[0] = (byte)(count >> 8);
        var interrupts = false;
        foreach (var buffer in buffers)
        {
            interrupts |= Queues[0].Push((uint)buffer.Head, (uint)buffer.Length);
        }

        if (interrupts)
        {
            InterruptQueue(0);
        }

        return true;
    }

    /// <summary>Takes the next transmitted frame, whatever it asks for, and the header that says so.</summary>
    public bool TryTransmit(out byte[] header, out byte[] frame)
    {
        header = frame = [];
        if (!Queues[1].TryPop(out var head, out var pieces))
        {
            return false;
        }

        List<byte> bytes = [];
        foreach (var piece in pieces)
        {
            Assert.False(piece.Writable);
            bytes.AddRange(Memory.At(piece.Address, piece.Length));
        }

        header = [.. bytes[..12]];
        frame = [.. bytes[12..]];
        Queues[1].PushAndInterrupt((uint)head, 0);
        return true;
    }

    /// <summary>Takes the next frame transmitted by a queue pair, without its device header.</summary>
    public bool TryTransmit(out byte[] frame, bool complete = true, int pair = 0)
    {
        frame = [];
        if (!Queues[(2 * pair) + 1].TryPop(out var head, out var pieces))
        {
            return false;
        }

        var piece = Assert.Single(pieces);
        Assert.False(piece.Writable);
        var source = Memory.At(piece.Address, piece.Length);
        Assert.True(source[..10].IndexOfAnyExcept((byte)0) < 0, "The device header asks for something that was not negotiated.");
        frame = source[12..].ToArray();
        if (complete)
        {
            Queues[(2 * pair) + 1].PushAndInterrupt((uint)head, 0);
        }

        return true;
    }
}
