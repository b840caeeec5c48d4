using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>The other half of a Xen disk, written from io/blkif.h, which follows its front as Linux's blkback does and reaches memory through grants alone.</summary>
internal sealed class FakeBlockBackend
{
    public const byte Read = 0, Write = 1, Flush = 3, Discard = 5, Indirect = 6;
    public const short Okay = 0, Error = -1, NotSupported = -2;
    public const string Front = "device/vbd/51712", Back = "/local/domain/0/backend/vbd/1/51712";
    private const int EntryLength = 112, Entries = 64, Sector = 512, Page = 4096;

    private readonly FakeFrontend _frontend;
    private readonly FakeStore _store;
    private Queue[] _queues = [];

    public FakeBlockBackend(FakeFrontend frontend, FakeStore store, int sectors = 256)
    {
        (_frontend, _store) = (frontend, store);
        Bytes = new byte[sectors * Sector];
        Properties = new()
        {
            ["sectors"] = sectors.ToString(CultureInfo.InvariantCulture),
            ["sector-size"] = "512",
            ["physical-sector-size"] = "4096",
            ["info"] = "0",
            ["feature-flush-cache"] = "1",
            ["feature-discard"] = "1",
            ["feature-max-indirect-segments"] = "256",
        };
        store.Nodes[$"{Front}/backend"] = Back;
        store.Nodes[$"{Back}/state"] = "2";
        store.OnWrite = OnWrite;
    }

    /// <summary>A request as it stands in the ring: what it does, its segments, and whether those have a page of their own.</summary>
    public sealed record Request(int Queue, ulong Id, byte Operation, long FirstSector, long Count, bool IsIndirect, IReadOnlyList<(uint Grant, int First, int Last)> Segments);

    private sealed record Queue(uint Ring)
    {
        public uint Taken { get; set; }

        public uint Answered { get; set; }
    }

    public byte[] Bytes { get; }

    /// <summary>What of it would outlive a loss of power: as it was at the last flush of any queue.</summary>
    public byte[] Durable { get; private set; } = [];

    /// <summary>What it publishes when it connects.</summary>
    public Dictionary<string, string> Properties { get; }

    public Action OnNotify { get; set; } = static () => { };

    /// <summary>How often it connected.</summary>
    public int Connections { get; private set; }

    /// <summary>Whether it follows its front.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Whether it keeps its pages when it closes, as one with requests under way does.</summary>
    public bool HoldsPages { get; set; }

    /// <summary>How many queues it is connected by.</summary>
    public int Queues => _queues.Length;

    /// <summary>What it says of the most queues; null: nothing.</summary>
    public string? Offer
    {
        get => _store.Nodes.GetValueOrDefault($"{Back}/multi-queue-max-queues");
        set
        {
            if (value is null)
            {
                _store.Nodes.Remove($"{Back}/multi-queue-max-queues");
            }
            else
            {
                _store.Nodes[$"{Back}/multi-queue-max-queues"] = value;
            }
        }
    }

    public string State => _store.Nodes[$"{Back}/state"];

    public void SetState(string state) => _store.Set($"{Back}/state", state);

    /// <summary>Its program is gone, and what it had mapped and taken; somebody sets its state.</summary>
    public void Die(string state)
    {
        _queues = [];
        _frontend.IsMapped = false;
        SetState(state);
    }

    /// <summary>As Linux's does: the number, and its state once more.</summary>
    public void Grow(int sectors)
    {
        _store.Nodes[$"{Back}/sectors"] = sectors.ToString(CultureInfo.InvariantCulture);
        SetState("4");
    }

    /// <summary>Every notification is answered at once.</summary>
    public void PerformAtOnce()
    {
        OnNotify = () => PerformAll();
        PerformAll();
    }

    public int PerformAll()
    {
        var requests = TakeAll();
        requests.ForEach(request => Perform(request));
        return requests.Count;
    }

    public List<Request> TakeAll() => [.. Enumerable.Range(0, Queues).SelectMany(TakeAll)];

    public List<Request> TakeAll(int queue)
    {
        var requests = new List<Request>();
        var taken = _queues[queue];
        for (; taken.Taken != Read32(queue, 0); taken.Taken++)
        {
            requests.Add(Parse(queue, _frontend.Page(taken.Ring).Slice(Entries + ((int)(taken.Taken % 32) * EntryLength), EntryLength)));
        }

        // Wants to be told of the next.
        Write32(queue, 4, taken.Taken + 1);
        return requests;
    }

    /// <summary>Does a request, or says it did.</summary>
    public void Perform(Request request, short status = Okay, byte? operation = null)
    {
        if (status == Okay)
        {
            Transfer(request);
        }

        Respond(request.Id, operation ?? request.Operation, status, request.Queue);
    }

    /// <summary>Answers with anything.</summary>
    public void Respond(ulong id, byte operation, short status, int queue = 0)
    {
        var answered = _queues[queue].Answered;
        var entry = _frontend.Page(_queues[queue].Ring, toWrite: true).Slice(Entries + ((int)(answered % 32) * EntryLength), EntryLength);
        BinaryPrimitives.WriteUInt64LittleEndian(entry, id);
        entry[8] = operation;
        BinaryPrimitives.WriteInt16LittleEndian(entry[10..], status);
        Claim(answered + 1, queue);
    }

    /// <summary>Claims so many responses, and interrupts if that was asked for.</summary>
    public void Claim(uint producer, int queue = 0)
    {
        var before = _queues[queue].Answered;
        _queues[queue].Answered = producer;
        Write32(queue, 8, producer);
        if (producer - Read32(queue, 12) < producer - before)
        {
            _frontend.Channels[queue].Raise();
        }
    }

    private void OnWrite(string path, string value)
    {
        if (path != $"{Front}/state" || IsDeaf)
        {
            return;
        }

        switch (value)
        {
            case "1" when State == "6":
                SetState("2");
                break;
            case "3" or "4" when State == "2":
                Assert.Equal("x86_64-abi", _store.Nodes[$"{Front}/protocol"]);
                var count = int.Parse(_store.Nodes.GetValueOrDefault($"{Front}/multi-queue-num-queues") ?? "1", CultureInfo.InvariantCulture);
                // Linux's refuses more than it offered.
                Assert.InRange(count, 1, int.TryParse(Offer, out var most) ? Math.Max(most, 1) : 1);
                _queues = [.. Enumerable.Range(0, count).Select(queue => Connect(queue, count == 1 ? "" : $"queue-{queue}/"))];
                _frontend.IsMapped = true;
                Connections++;
                foreach (var (name, property) in Properties)
                {
                    _store.Nodes[$"{Back}/{name}"] = property;
                }

                SetState("4");
                break;
            case "5":
                SetState("5");
                break;
            case "6":
                _queues = [];
                _frontend.IsMapped = HoldsPages;
                SetState("6");
                break;
        }
    }

    private Queue Connect(int queue, string prefix)
    {
        Assert.Equal($"{_frontend.Channels[queue].Port}", _store.Nodes[$"{Front}/{prefix}event-channel"]);
        _frontend.Channels[queue].OnNotify = () => OnNotify();
        return new Queue(uint.Parse(_store.Nodes[$"{Front}/{prefix}ring-ref"], CultureInfo.InvariantCulture));
    }

    private Request Parse(int queue, Span<byte> entry)
    {
        var (operation, id, sector) = (entry[0], BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadInt64LittleEndian(entry[16..]));
        if (operation == Discard)
        {
            Assert.Equal((0, 51712), (entry[1], BinaryPrimitives.ReadUInt16LittleEndian(entry[2..])));
            return new Request(queue, id, operation, sector, BinaryPrimitives.ReadInt64LittleEndian(entry[24..]), false, []);
        }

        var isIndirect = operation == Indirect;
        Assert.Equal(51712, BinaryPrimitives.ReadUInt16LittleEndian(entry[(isIndirect ? 24 : 2)..]));
        int count = isIndirect ? BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]) : entry[1];
        // As many as it has offered; a page holds 512.
        var most = Math.Min(512, int.Parse(Properties.GetValueOrDefault("feature-max-indirect-segments", "0"), CultureInfo.InvariantCulture));
        Assert.InRange(count, operation == Flush ? 0 : 1, isIndirect ? most : 11);
        var segments = isIndirect ? _frontend.Page(BinaryPrimitives.ReadUInt32LittleEndian(entry[28..])) : entry[24..];
        var parsed = new List<(uint Grant, int First, int Last)>();
        for (var index = 0; index < count; index++)
        {
            var segment = segments[(index * 8)..];
            parsed.Add((BinaryPrimitives.ReadUInt32LittleEndian(segment), segment[4], segment[5]));
        }

        return new Request(queue, id, isIndirect ? entry[1] : operation, sector, parsed.Sum(static segment => segment.Last - segment.First + 1), isIndirect, parsed);
    }

    private void Transfer(Request request)
    {
        var at = (int)request.FirstSector * Sector;
        switch (request.Operation)
        {
            case Read or Write:
                foreach (var (grant, first, last) in request.Segments)
                {
                    Assert.InRange(last, first, (Page / Sector) - 1);
                    var length = (last - first + 1) * Sector;
                    var bytes = _frontend.Page(grant, toWrite: request.Operation == Read).Slice(first * Sector, length);
                    if (request.Operation == Read)
                    {
                        Bytes.AsSpan(at, length).CopyTo(bytes);
                    }
                    else
                    {
                        bytes.CopyTo(Bytes.AsSpan(at, length));
                    }

                    at += length;
                }

                break;
            case Discard:
                Bytes.AsSpan(at, (int)request.Count * Sector).Fill(0xDD);
                break;
            default:
                Assert.Equal((Flush, 0L, 0), (request.Operation, request.FirstSector, request.Segments.Count));
                Durable = [.. Bytes];
                break;
        }
    }

    private uint Read32(int queue, int offset) => Volatile.Read(ref MemoryMarshal.AsRef<uint>(_frontend.Page(_queues[queue].Ring)[offset..]));

    private void Write32(int queue, int offset, uint value) => Volatile.Write(ref MemoryMarshal.AsRef<uint>(_frontend.Page(_queues[queue].Ring, toWrite: true)[offset..]), value);
}
