// VIRTIO 1.2, section 5.3.2: the control queues, 2 and 3.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioConsole;

/// <summary>The two queues of messages about ports, and the memory of what is under way in them. Of one start of the device.</summary>
internal sealed class ControlQueues
{
    public const int ReceiveIndex = 2;
    public const int SendIndex = 3;

    /// <summary>A message and the longest name that is taken whole; a device cuts what is longer.</summary>
    public const int SlotLength = 256;

    /// <summary>Bytes of DMA memory for the messages.</summary>
    public const int RequiredMemory = (ReceiveSlots * SlotLength) + (SendSlots * ControlMessage.Length);

    /// <summary>
    /// Messages to the driver under way. QEMU drops what finds no buffer, and names its ports, up to 31, all at once: as many as its queue takes. The three things that it says of a port when the
    /// driver is ready for it find room too, because so few of the driver's messages are under way.
    /// </summary>
    private const int ReceiveSlots = 32;

    /// <summary>Messages of the driver under way.</summary>
    private const int SendSlots = 8;

    /// <summary>
    /// Messages that wait for the device; it must take them as they come. Each of the 16 ports has the driver say at most two things before the device says something new.
    /// </summary>
    private const int MaximumWaiting = 64;

    private readonly Virtqueue _receive;
    private readonly Virtqueue _send;
    private readonly DmaBlock _received;
    private readonly DmaBlock _sent;
    private readonly int[] _receiveSlots = new int[ReceiveSlots];
    private readonly int[] _sendSlots = new int[SendSlots];
    private readonly Stack<int> _freeSlots = new(Enumerable.Range(0, SendSlots));
    private readonly Queue<ControlMessage> _waiting = new();
    private readonly string _device;

    public ControlQueues(IVirtioTransport transport, DmaArena arena, ulong features)
    {
        _device = transport.Name;
        _receive = Virtqueue.Create(transport, ReceiveIndex, ReceiveSlots, arena, features);
        _send = Virtqueue.Create(transport, SendIndex, SendSlots, arena, features);
        _received = arena.Allocate(ReceiveSlots * SlotLength, SlotLength);
        _sent = arena.Allocate(SendSlots * ControlMessage.Length, ControlMessage.Length);
    }

    /// <summary>Has the device begin: it answers with its ports.</summary>
    public void Start()
    {
        for (var slot = 0; slot < ReceiveSlots && TryPost(slot); slot++)
        {
        }

        _receive.Publish();
        Send(new ControlMessage(0, ControlEvent.DeviceReady, 1));
    }

    /// <summary>Takes the next message, and what follows it into <paramref name="octets"/>: a copy, because the device can write the original whenever it likes.</summary>
    /// <exception cref="DeviceViolationException">It is too short for one, or the ring is broken.</exception>
    public bool TryTake(Span<byte> octets, out ControlMessage message, out int following)
    {
        message = default;
        following = 0;
        if (!_receive.TryTakeUsed(out var used))
        {
            return false;
        }

        if (used.Length < ControlMessage.Length)
        {
            throw new DeviceViolationException($"{_device} sent a message of {used.Length} octets about a port.");
        }

        var slot = _receiveSlots[used.Head];
        Span<byte> copy = stackalloc byte[SlotLength];
        copy = copy[..used.Length];
        _received.Memory.Span.Slice(slot * SlotLength, used.Length).CopyTo(copy);
        message = ControlMessage.Read(copy);
        following = used.Length - ControlMessage.Length;
        copy[ControlMessage.Length..].CopyTo(octets);
        TryPost(slot);
        _receive.Publish();
        return true;
    }

    /// <summary>Sends a message after those sent before.</summary>
    /// <exception cref="DeviceViolationException">The device asks and asks, and takes no answer.</exception>
    public void Send(ControlMessage message)
    {
        if (_waiting.Count == MaximumWaiting)
        {
            throw new DeviceViolationException($"{_device} left {MaximumWaiting} messages about its ports.");
        }

        _waiting.Enqueue(message);
        Pump();
    }

    /// <summary>Takes back what the device has read, and sends what waited for that.</summary>
    public void TakeSent()
    {
        while (_send.TryTakeUsed(out var used))
        {
            _freeSlots.Push(_sendSlots[used.Head]);
        }

        Pump();
    }

    /// <summary>Asks for interrupts of both queues; false: there is something to take.</summary>
    public bool TryEnableInterrupts() => _receive.TryEnableInterrupts() & _send.TryEnableInterrupts();

    /// <summary>Gives its memory back, before the device is reset: it stays in quarantine until that is over.</summary>
    public void Dispose()
    {
        _receive.Dispose();
        _send.Dispose();
        _received.Dispose();
        _sent.Dispose();
    }

    private bool TryPost(int slot)
    {
        var segment = new VirtqueueSegment(_received, slot * SlotLength, SlotLength, IsDeviceWritable: true);
        if (!_receive.TryAdd(new ReadOnlySpan<VirtqueueSegment>(in segment), out var head))
        {
            return false;
        }

        _receiveSlots[head] = slot;
        return true;
    }

    private void Pump()
    {
        while (_waiting.TryPeek(out var message) && _freeSlots.TryPeek(out var slot))
        {
            var segment = new VirtqueueSegment(_sent, slot * ControlMessage.Length, ControlMessage.Length, IsDeviceWritable: false);
            message.Write(_sent.Memory.Span.Slice(segment.Offset, segment.Length));
            if (!_send.TryAdd(new ReadOnlySpan<VirtqueueSegment>(in segment), out var head))
            {
                break;
            }

            _sendSlots[head] = slot;
            _freeSlots.Pop();
            _waiting.Dequeue();
        }

        _send.Publish();
    }
}
