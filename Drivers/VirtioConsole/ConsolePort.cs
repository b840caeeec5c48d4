// VIRTIO 1.2, section 5.3.2: port 0 has queues 0 and 1, port n after that 2n + 2 and 2n + 3.
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioConsole;

/// <summary>One port of the device: its queues, its buffers, and who says what of it.</summary>
internal sealed class ConsolePort(int number)
{
    private PortRing? _receive;
    private PortRing? _send;

    public int Number => number;

    /// <summary>Whether the device has it.</summary>
    public bool IsAdded { get; set; }

    /// <summary>Whether the device says that it is a console.</summary>
    public bool IsConsole { get; set; }

    /// <summary>What the device calls it; null before it says so.</summary>
    public string? Name { get; set; }

    /// <summary>Whether the host has it open.</summary>
    public bool IsHostOpen { get; set; }

    /// <summary>The opening under way: both ends have it open. Null if there is none.</summary>
    public ConsolePortInformation? Opening { get; set; }

    public PortClient? Client { get; set; }

    /// <summary>Null before it first had a client.</summary>
    public PortBuffers? Buffers { get; set; }

    /// <summary>Makes the port's queues, before the device is told to begin.</summary>
    /// <exception cref="VirtioException">There are none, or they are too small.</exception>
    public void CreateQueues(IVirtioTransport transport, DmaArena arena, ulong features)
    {
        var first = number == 0 ? 0 : (2 * number) + 2;
        _receive = new PortRing(Virtqueue.Create(transport, first, PortBuffers.Count, arena, features));
        // Received buffers may be sent back: all of both directions fit.
        _send = new PortRing(Virtqueue.Create(transport, first + 1, 2 * PortBuffers.Count, arena, features));
        if (_send.Queue.Size < 2 * PortBuffers.Count)
        {
            throw new VirtioException($"{transport.Name} has queues of {_send.Queue.Size} descriptors; {2 * PortBuffers.Count} are needed.");
        }
    }

    /// <summary>Gives the rings' memory back, before the device is reset: it stays in quarantine until that is over.</summary>
    public void DisposeQueues()
    {
        _receive?.Queue.Dispose();
        _send?.Queue.Dispose();
    }

    /// <summary>Takes the buffers back that the device had, and says how many octets were to be sent. Only after the device was reset.</summary>
    public long Abandon()
    {
        _receive?.Abandon();
        var lost = _send?.Abandon() ?? 0;
        _receive = null;
        _send = null;
        return lost;
    }

    /// <summary>The device will never be reset: the buffers it has stay rented, so that nobody else gets them. Says how many octets were to be sent.</summary>
    public long GiveUp()
    {
        var lost = _send?.OctetsInFlight ?? 0;
        _receive = null;
        _send = null;
        return lost;
    }

    /// <summary>Gives the device every buffer to receive into that is free. Without a client there are none, and the host is held back.</summary>
    public void Refill()
    {
        if (Buffers is not { } buffers || Client is null)
        {
            return;
        }

        while (_receive!.Queue.FreeDescriptors > 0 && buffers.Receive.TryRent(out var buffer))
        {
            buffer.SetLength(PortBuffers.Size);
            if (!_receive.TryAdd(buffer, buffers.ReceiveMemory, isDeviceWritable: true))
            {
                buffer.Dispose();
                break;
            }
        }

        _receive.Queue.Publish();
    }

    /// <summary>Whether the device received something that was not taken.</summary>
    public bool HasReceived => _receive!.Queue.HasUsed;

    /// <summary>Takes a buffer with what the device received, not empty.</summary>
    /// <exception cref="DeviceViolationException">It is empty, or the ring is broken.</exception>
    public bool TryTakeReceived(out FrameBuffer octets)
    {
        if (!_receive!.TryTake(out octets, out var written))
        {
            return false;
        }

        if (written == 0)
        {
            octets.Dispose();
            throw new DeviceViolationException($"Port {number} gave back an empty buffer.");
        }

        octets.SetLength(written);
        return true;
    }

    /// <summary>Sends a buffer of this port's; on false the caller still owns it.</summary>
    public bool TrySend([MovesWhen(true)] FrameBuffer octets)
    {
        if (octets.IsInPieces || octets.Length == 0 || Buffers?.MemoryOf(octets.Pool) is not { } memory)
        {
            return false;
        }

        try
        {
            if (!_send!.TryAdd(octets, memory, isDeviceWritable: false))
            {
                return false;
            }
        }
        catch
        {
            // Nobody else would: the ring does not have it, and the turn is over.
            octets.Dispose();
            throw;
        }

        _send.Queue.Publish();
        return true;
    }

    /// <summary>Takes back every buffer that was sent, and says how many octets; -1 if there was none.</summary>
    public long TakeSent()
    {
        long octets = -1;
        while (_send!.TryTake(out var buffer, out _))
        {
            octets = Math.Max(octets, 0) + buffer.Length;
            buffer.Dispose();
        }

        return octets;
    }

    /// <summary>Asks for interrupts of both queues; false: there is something to take.</summary>
    public bool TryEnableInterrupts() => _receive!.Queue.TryEnableInterrupts() & _send!.Queue.TryEnableInterrupts();
}
