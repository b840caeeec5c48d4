using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>A packet as the other half got it: its data, the first slot's flags, how many slots had data, and how it is to be cut.</summary>
internal sealed record SentPacket(byte[] Frame, ushort Flags, int Slots, (int Size, int Kind)? Segments);

/// <summary>The other half of a Xen network card: takes what is sent and puts frames into the buffers, through grants alone. As Linux's netback does it.</summary>
/// <param name="frontend">The guest's half.</param>
/// <param name="queue">Which of the card's queues.</param>
internal sealed class FakeBackend(FakeFrontend frontend, int queue = 0)
{
    private const ushort MoreData = 4, ExtraInfo = 8;
    private const short NoResponse = 1;

    // XEN_NETIF_NR_SLOTS_MIN
    private const int MostSlots = 18;

    private readonly List<(ushort Id, short Status)> _unanswered = [];
    private uint _transmitTaken, _answered, _receiveTaken, _shown;

    public uint TransmitRing { get; set; }

    public uint ReceiveRing { get; set; }

    public FakeChannel Channel => frontend.Channels[queue];

    public List<SentPacket> Sent { get; } = [];

    /// <summary>Buffers that it has and has not used.</summary>
    public int Buffers => (int)(Read32(frontend.Page(ReceiveRing), 0) - _receiveTaken);

    public void Reset()
    {
        _transmitTaken = _answered = _receiveTaken = _shown = 0;
        _unanswered.Clear();
    }

    /// <summary>Takes every request of the transmit ring and answers it.</summary>
    public void TakeSent()
    {
        Collect();
        Answer(_unanswered.Count);
    }

    /// <summary>Takes every packet of the transmit ring and answers none.</summary>
    public void Collect()
    {
        while (_transmitTaken != Read32(frontend.Page(TransmitRing), 0))
        {
            Sent.Add(TakePacket());
        }
    }

    /// <summary>Answers so many slots, the oldest first or in an order of its own.</summary>
    public void Answer(int slots, Func<IEnumerable<(ushort Id, short Status)>, IEnumerable<(ushort Id, short Status)>>? order = null)
    {
        if (order is not null)
        {
            (ushort, short)[] ordered = [.. order(_unanswered)];
            _unanswered.Clear();
            _unanswered.AddRange(ordered);
        }

        foreach (var (id, status) in _unanswered.Take(slots).ToArray())
        {
            AnswerWith(id, status);
        }

        _unanswered.RemoveRange(0, slots);
    }

    /// <summary>Answers the next slot with anything.</summary>
    public void AnswerWith(ushort id, short status)
    {
        var ring = frontend.Page(TransmitRing, toWrite: true);
        var entry = ring[(64 + ((int)(_answered % 256) * 12))..];
        // Where there was no packet's data, Linux writes the status alone.
        if (status != NoResponse)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(entry, id);
        }

        BinaryPrimitives.WriteInt16LittleEndian(entry[2..], status);
        Write32(ring, 8, ++_answered);
        Channel.Raise();
    }

    /// <summary>Puts a frame into the next buffer; false if there is none.</summary>
    public bool TryDeliver(byte[] frame, ushort flags = 0, int offset = 0)
    {
        if (Buffers == 0)
        {
            return false;
        }

        PutData(frame, flags, offset);
        Show();
        return true;
    }

    /// <summary>Puts a packet into as many buffers as it takes, with a slot that says how it is cut; false if there are not so many.</summary>
    public bool TryDeliverLarge(byte[] frame, ushort flags = 3, int segment = 1460, int kind = 1)
    {
        const int Page = 4096;
        var pieces = frame.Chunk(Page).ToArray();
        if (Buffers < pieces.Length + 1)
        {
            return false;
        }

        for (var index = 0; index < pieces.Length; index++)
        {
            PutData(pieces[index], (ushort)((index == 0 ? flags | ExtraInfo : 0) | (index < pieces.Length - 1 ? MoreData : 0)));
            if (index == 0)
            {
                Put(1, (ushort)segment, (ushort)kind, 0);
            }
        }

        Show();
        return true;
    }

    /// <summary>Puts data into the next buffer, unshown.</summary>
    public void PutData(byte[] data, ushort flags, int offset = 0)
    {
        var entry = Entry();
        data.CopyTo(frontend.Page(BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), toWrite: true)[offset..]);
        Put(BinaryPrimitives.ReadUInt16LittleEndian(entry), (ushort)offset, flags, (short)data.Length);
    }

    /// <summary>Fills the next slot with anything, unshown.</summary>
    public void Put(ushort id, ushort offset, ushort flags, short status)
    {
        var entry = Entry();
        BinaryPrimitives.WriteUInt16LittleEndian(entry, id);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], offset);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[4..], flags);
        BinaryPrimitives.WriteInt16LittleEndian(entry[6..], status);
        _receiveTaken++;
    }

    /// <summary>Shows what was put, and interrupts if that is asked for.</summary>
    public void Show()
    {
        var ring = frontend.Page(ReceiveRing, toWrite: true);
        var before = _shown;
        _shown = _receiveTaken;
        Write32(ring, 8, _shown);
        // The front's wish is looked at after what it would look at has been written; the front does it the other way round.
        Interlocked.MemoryBarrier();
        if (_shown - Read32(ring, 12) < _shown - before)
        {
            Channel.Raise();
        }
    }

    /// <summary>Answers the next buffer with anything.</summary>
    public void Respond(ushort id, ushort offset, ushort flags, short status)
    {
        Put(id, offset, flags, status);
        Claim(_receiveTaken);
    }

    /// <summary>Claims so many frames, and interrupts.</summary>
    public void Claim(uint producer)
    {
        Write32(frontend.Page(ReceiveRing, toWrite: true), 8, producer);
        Channel.Raise();
    }

    private SentPacket TakePacket()
    {
        var first = TakeRequest();
        (int, int)? segments = null;
        if ((first.Flags & ExtraInfo) != 0)
        {
            var extra = Request();
            Assert.Equal((1, 0), (extra[0], extra[1]));
            segments = (BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]), extra[4]);
            _transmitTaken++;
            _unanswered.Add((0, NoResponse));
        }

        List<(uint Grant, ushort Offset, ushort Flags, ushort Size)> others = [];
        for (var more = first.Flags; (more & MoreData) != 0; more = others[^1].Flags)
        {
            others.Add(TakeRequest());
            Assert.Equal(0, others[^1].Flags & ~MoreData);
        }

        Assert.True(others.Count < MostSlots, "more slots than every other half takes");
        var firstSize = first.Size - others.Sum(static slot => slot.Size);
        byte[] frame = [.. Read(first.Grant, first.Offset, firstSize), .. others.SelectMany(slot => Read(slot.Grant, slot.Offset, slot.Size))];
        return new SentPacket(frame, first.Flags, others.Count + 1, segments);
    }

    private byte[] Read(uint grant, int offset, int size) => frontend.Page(grant).Slice(offset, size).ToArray();

    private Span<byte> Request()
    {
        Assert.NotEqual(_transmitTaken, Read32(frontend.Page(TransmitRing), 0));
        return frontend.Page(TransmitRing, toWrite: true)[(64 + ((int)(_transmitTaken % 256) * 12))..];
    }

    private (uint Grant, ushort Offset, ushort Flags, ushort Size) TakeRequest()
    {
        var entry = Request();
        _transmitTaken++;
        _unanswered.Add((BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]), 0));
        return (BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]), BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]));
    }

    private Span<byte> Entry() => frontend.Page(ReceiveRing, toWrite: true)[(64 + ((int)(_receiveTaken % 256) * 8))..];

    private static uint Read32(Span<byte> page, int offset) => Volatile.Read(ref MemoryMarshal.AsRef<uint>(page[offset..]));

    private static void Write32(Span<byte> page, int offset, uint value) => Volatile.Write(ref MemoryMarshal.AsRef<uint>(page[offset..]), value);
}
