// VIRTIO 1.2, section 5.1.6.5: control virtqueue; 5.1.6.5.5: automatic receive steering in multiqueue mode.
using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioNet;

/// <summary>The queue of commands, for the one command that there is: how many queue pairs are in use. A device uses the first alone until it has said yes to more.</summary>
internal sealed class ControlQueue
{
    // struct virtio_net_ctrl: class and command, then the command's data, then the device's answer.
    private const uint MultiqueueClass = 4;
    private const int PairsShift = 16;
    private const int CommandLength = 4;
    private const int AnswerOffset = 4;
    private const byte Accepted = 0;
    private const uint Unanswered = 0xff;
    private const int MemoryLength = 16;

    /// <summary>Both parts of the one command.</summary>
    private const int Descriptors = 2;

    private readonly Virtqueue _queue;
    private readonly DmaBlock _memory;

    public ControlQueue(IVirtioTransport transport, int index, DmaArena arena, ulong features)
    {
        _queue = Virtqueue.Create(transport, index, Descriptors, arena, features);
        _memory = arena.Allocate(MemoryLength, MemoryLength);
    }

    /// <summary>Asks the device to use so many pairs (VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET). Once after a start, when the device runs; its answer interrupts.</summary>
    public void AskForPairs(int count)
    {
        _memory.WriteUInt32(0, MultiqueueClass | ((uint)count << PairsShift));
        _memory.WriteUInt32(AnswerOffset, Unanswered);
        _queue.TryAdd([new(_memory, 0, CommandLength, IsDeviceWritable: false), new(_memory, AnswerOffset, sizeof(byte), IsDeviceWritable: true)], out _);
        _queue.Publish();
    }

    /// <summary>Takes the answer, if it has come.</summary>
    /// <exception cref="DeviceViolationException">The device broke the rules of its ring.</exception>
    public bool TryTakeAnswer(out bool accepted)
    {
        accepted = false;
        if (!_queue.TryTakeUsed(out var used))
        {
            return false;
        }

        accepted = used.Length == sizeof(byte) && (byte)_memory.ReadUInt32(AnswerOffset) == Accepted;
        return true;
    }

    /// <summary>Gives its memory back, before the device is reset: it stays in quarantine until that is over.</summary>
    public void Dispose()
    {
        _queue.Dispose();
        _memory.Dispose();
    }
}
