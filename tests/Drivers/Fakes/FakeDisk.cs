using System.Buffers.Binary;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>The model of a virtio block device, written from section 5.2 of the standard: takes requests when told to, and does them in any order and with any answer a test likes.</summary>
internal sealed class FakeDisk
{
    public const ulong SizeMax = 1UL << 1, SegMax = 1UL << 2, ReadOnly = 1UL << 5, BlkSize = 1UL << 6, Flush = 1UL << 9, Topology = 1UL << 10, Multiqueue = 1UL << 12, Discard = 1UL << 13;
    public const ulong Usual = VirtioFeatures.EventIndex | Flush | BlkSize | Discard;
    public const byte Ok = 0, IoError = 1, Unsupported = 2;
    private const int SectorSize = 512;

    public FakeDisk(FakeMemory memory, ulong features = Usual, int sectors = 256, uint blockSize = 512, int queueSize = 16, int queues = 1)
    {
        Bytes = new byte[sectors * SectorSize];
        Device = new FakeVirtioDevice(memory, VirtioDeviceType.Block, queues, queueSize, features | (queues > 1 ? Multiqueue : 0));
        Configure(0, (uint)sectors);
        Configure(20, blockSize);
        Device.Configuration[34] = (byte)queues;
        Configure(36, 64);
    }

    /// <summary>A request as it stands in the ring.</summary>
    public sealed record Request(int Queue, int Head, uint Type, long Sector, IReadOnlyList<FakeQueue.Piece> Data, FakeQueue.Piece Status);

    public FakeVirtioDevice Device { get; }

    /// <summary>What is on the disk.</summary>
    public byte[] Bytes { get; }

    /// <summary>What was on the disk at the last flush.</summary>
    public byte[] Durable { get; private set; } = [];

    private FakeMemory Memory => Device.Memory;

    public void Configure(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Device.Configuration.AsSpan(offset), value);

    /// <summary>Every notification is answered at once.</summary>
    public void PerformAtOnce() => Device.OnNotify = _ => PerformAll();

    public int PerformAll()
    {
        var count = 0;
        for (; TryTake(out var request); count++)
        {
            Perform(request);
        }

        return count;
    }

    public List<Request> TakeAll(int? queue = null)
    {
        var requests = new List<Request>();
        while (TryTake(out var request, queue))
        {
            requests.Add(request);
        }

        return requests;
    }

    /// <summary>Takes a request of a queue, or of the first that has one.</summary>
    public bool TryTake(out Request request, int? of = null)
    {
        request = null!;
        int head = -1, queue = of ?? 0, last = of ?? Device.Queues.Length - 1;
        List<FakeQueue.Piece> pieces = [];
        while (!Device.Queues[queue].TryPop(out head, out pieces))
        {
            if (queue++ == last)
            {
                return false;
            }
        }

        // 5.2.6: a header of 16 bytes to read, a status of one byte to write.
        Assert.Equal((16, false), (pieces[0].Length, pieces[0].Writable));
        Assert.Equal((1, true), (pieces[^1].Length, pieces[^1].Writable));
        var header = Memory.At(pieces[0].Address, 16);
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(header[4..]));
        request = new Request(queue, head, BinaryPrimitives.ReadUInt32LittleEndian(header), BinaryPrimitives.ReadInt64LittleEndian(header[8..]), pieces[1..^1], pieces[^1]);
        return true;
    }

    /// <summary>Does a request, or says it did; the length is what a device that tells the truth says.</summary>
    public void Perform(Request request, byte status = Ok, int? written = null)
    {
        if (status == Ok)
        {
            Transfer(request);
        }

        Memory.At(request.Status.Address, 1)[0] = status;
        var length = 1 + request.Data.Where(static piece => piece.Writable).Sum(static piece => piece.Length);
        Device.Queues[request.Queue].PushAndInterrupt((uint)request.Head, (uint)(written ?? length));
    }

    private void Transfer(Request request)
    {
        switch (request.Type)
        {
            case 0 or 1:
                var at = (int)request.Sector * SectorSize;
                foreach (var piece in request.Data)
                {
                    Assert.Equal(request.Type == 0, piece.Writable);
                    var bytes = Memory.At(piece.Address, piece.Length);
                    if (piece.Writable)
                    {
                        Bytes.AsSpan(at, piece.Length).CopyTo(bytes);
                    }
                    else
                    {
                        bytes.CopyTo(Bytes.AsSpan(at, piece.Length));
                    }

                    at += piece.Length;
                }

                break;
            case 4:
                Assert.Equal((0L, 0), (request.Sector, request.Data.Count));
                Durable = [.. Bytes];
                break;
            case 11:
                var range = Memory.At(Assert.Single(request.Data).Address, 16);
                Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(range[12..]));
                var first = (int)BinaryPrimitives.ReadInt64LittleEndian(range) * SectorSize;
                Bytes.AsSpan(first, (int)BinaryPrimitives.ReadUInt32LittleEndian(range[8..]) * SectorSize).Fill(0xDD);
                break;
            default:
                Assert.Fail($"There is no request of type {request.Type}.");
                break;
        }
    }
}
