using Troupe.Core.Capabilities;
using Troupe.Drivers.Tests;
using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// A virtqueue whose device writes what the input says anywhere in the used ring, or in all of a packed one, while the driver adds and takes buffers. Whatever it writes is refused as a violation, or
/// gives back one buffer that is in flight, with no more octets than it has room for.
/// </summary>
internal sealed class VirtqueueTarget() : FuzzTarget("virtqueue")
{
    private const int Size = 8;

    public override IEnumerable<byte[]> Seeds =>
    [
        // Three buffers, published, the second used with five octets and the used index moved, then taken.
        [0, 0, 1, 0, 1, 0, 1, 1, 2, 4, 0, 8, 1, 0, 0, 0, 5, 0, 0, 0, 2, 2, 0, 2, 1, 0, 3, 3],
        [1, 0, 2, 0, 0, 1, 3, 0, 3, 1, 2, 2, 0, 2, 2, 0, 3, 4],
        // A packed ring: two buffers, published, the second written over as used with five octets (identifier 6, flags 0x8080), then taken.
        [9, 0, 1, 0, 1, 1, 2, 8, 0, 8, 5, 0, 0, 0, 6, 0, 0x80, 0x80, 3, 3],
    ];

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        int kind = reader.Byte();
        FakeMemory memory = new();
        FakeArena arena = new(memory);
        DmaBlock data = arena.Allocate(4096, 64);
        bool isPacked = (kind & 8) != 0;
        Transport transport = new(Size >> (kind >> 1 & 3), isPacked);
        Virtqueue queue = Virtqueue.Create(transport, 0, Size, arena, ((kind & 1) != 0 ? VirtioFeatures.EventIndex : 0) | (isPacked ? VirtioFeatures.RingPacked : 0));
        Dictionary<int, int> inFlight = [];
        while (!reader.IsAtEnd)
        {
            switch (reader.Byte() % 6)
            {
                case 0:
                    Add(queue, data, reader.Byte(), inFlight);
                    break;
                case 1:
                    queue.Publish();
                    break;
                case 2:
                    int at = reader.UInt16();
                    ReadOnlySpan<byte> octets = reader.Take(reader.Byte() % 16);
                    transport.WriteUsed(at, octets);
                    break;
                case 3:
                    if (!TryTake(queue, inFlight))
                        return;
                    break;
                case 4:
                    queue.DisableInterrupts();
                    break;
                default:
                    queue.TryEnableInterrupts(reader.Byte() % queue.Size);
                    break;
            }

            Require(queue.BuffersInFlight == inFlight.Count, "the queue has another number of buffers in flight");
            Require(queue.FreeDescriptors >= 0 && queue.FreeDescriptors <= queue.Size, "there are more descriptors than the queue has");
        }
    }

    private static void Add(Virtqueue queue, DmaBlock data, int shape, Dictionary<int, int> inFlight)
    {
        VirtqueueSegment[] segments = new VirtqueueSegment[1 + (shape & 3)];
        int writable = 0;
        for (int index = 0; index < segments.Length; index++)
        {
            bool isWritable = index >= (shape >> 2 & 3);
            segments[index] = new(data, index * 64, 16 + index, isWritable);
            writable += isWritable ? 16 + index : 0;
        }

        if (queue.TryAdd(segments, out int head))
            Require(inFlight.TryAdd(head, writable), "a buffer was put where another is");
    }

    private static bool TryTake(Virtqueue queue, Dictionary<int, int> inFlight)
    {
        try
        {
            if (!queue.TryTakeUsed(out UsedBuffer buffer))
                return true;
            Require(inFlight.Remove(buffer.Head, out int writable), $"buffer {buffer.Head} came back and was not in flight");
            Require(buffer.Length >= 0 && buffer.Length <= writable, $"{buffer.Length} octets are in a buffer with room for {writable}");
            return true;
        }
        catch (DeviceViolationException)
        {
            // The driver resets the device; this queue is done.
            return false;
        }
    }

    private sealed class Transport(int size, bool isPacked) : IVirtioTransport
    {
        private byte[] _rings = [];
        private int _used;

        public string Name => "input";

        public VirtioDeviceType DeviceType => VirtioDeviceType.Network;

        public int ConfigurationLength => 0;

        public int ReadMaximumQueueSize(int queue) => size;

        public void EnableQueue(int queue, DmaBlock rings, VirtqueueLayout layout) => (_rings, _used) = (((FakeBlock)rings).Bytes, isPacked ? 0 : layout.DeviceOffset);

        public void WriteUsed(int at, ReadOnlySpan<byte> octets)
        {
            Span<byte> used = _rings.AsSpan(_used);
            at %= used.Length;
            octets[..Math.Min(octets.Length, used.Length - at)].CopyTo(used[at..]);
        }

        public void Notify(int queue) => Assert.Equal(0, queue);

        public VirtioStatus ReadStatus() => VirtioStatus.DriverOk;

        public void WriteStatus(VirtioStatus status)
        {
        }

        public ulong ReadDeviceFeatures() => 0;

        public void WriteDriverFeatures(ulong features)
        {
        }

        public uint ReadConfigurationGeneration() => 0;

        public byte ReadConfiguration8(int offset) => 0;

        public ushort ReadConfiguration16(int offset) => 0;

        public uint ReadConfiguration32(int offset) => 0;

        public void ConnectInterrupts(Action onInterrupt)
        {
        }

        public VirtioInterruptCauses TakeInterruptCauses() => VirtioInterruptCauses.Queue;

        public void AcknowledgeInterrupt()
        {
        }

        public void DisconnectInterrupts()
        {
        }

        public void SetMemoryAccess(bool enabled)
        {
        }
    }
}
