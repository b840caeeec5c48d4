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
    private uint _taken, _answered;

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
        frontend.Channel.OnNotify = () => OnNotify();
    }

    /// <summary>A request as it stands in the ring: what it does, its segments, and whether those have a page of their own.</summary>
    public sealed record Request(ulong Id, byte Operation, long FirstSector, long Count, bool IsIndirect, IReadOnlyList<(uint Grant, int First, int Last)> Segments);

    public byte[] Bytes { get; }

    /// <summary>What it publishes when it connects.</summary>
    public Dictionary<string, string> Properties { get; }

    public Action OnNotify { get; set; } = static () => { };

    /// <summary>How often it connected.</summary>
    public int Connections { get; private set; }

    /// <summary>Whether it follows its front.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Whether it keeps its pages when it closes, as one with requests under way does.</summary>
    public bool HoldsPages { get; set; }

    public uint Ring { get; private set; }

    public string State => _store.Nodes[$"{Back}/state"];

    public void SetState(string state) => _store.Set($"{Back}/state", state);

    /// <summary>Its program is gone, and what it had mapped and taken; somebody sets its state.</summary>
    public void Die(string state)
    {
        Ring = 0;
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

    public List<Request> TakeAll()
    {
        var requests = new List<Request>();
        for (; Ring != 0 && _taken != Read32(0); _taken++)
        {
            requests.Add(Parse(_frontend.Page(Ring).Slice(Entries + ((int)(_taken % 32) * EntryLength), EntryLength)));
        }

        if (Ring != 0)
        {
            // Wants to be told of the next.
            Write32(4, _taken + 1);
        }

        return requests;
    }

    /// <summary>Does a request, or says it did.</summary>
    public void Perform(Request request, short status = Okay, byte? operation = null)
    {
        if (status == Okay)
        {
            Transfer(request);
        }

        Respond(request.Id, operation ?? request.Operation, status);
    }

    /// <summary>Answers with anything.</summary>
    public void Respond(ulong id, byte operation, short status)
    {
        var entry = _frontend.Page(Ring, toWrite: true).Slice(Entries + ((int)(_answered % 32) * EntryLength), EntryLength);
        BinaryPrimitives.WriteUInt64LittleEndian(entry, id);
        entry[8] = operation;
        BinaryPrimitives.WriteInt16LittleEndian(entry[10..], status);
        Claim(_answered + 1);
    }

    /// <summary>Claims so many responses, and interrupts if that was asked for.</summary>
    public void Claim(uint producer)
    {
        var before = _answered;
        _answered = producer;
        Write32(8, producer);
        if (producer - Read32(12) < producer - before)
        {
            _frontend.Channel.Raise();
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
                Assert.Equal("7", _store.Nodes[$"{Front}/event-channel"]);
                Ring = uint.Parse(_store.Nodes[$"{Front}/ring-ref"], CultureInfo.InvariantCulture);
                _frontend.IsMapped = true;
                _taken = _answered = 0;
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
                Ring = 0;
                _frontend.IsMapped = HoldsPages;
                SetState("6");
                break;
        }
    }

    private Request Parse(Span<byte> entry)
    {
        var (operation, id, sector) = (entry[0], BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadInt64LittleEndian(entry[16..]));
        if (operation == Discard)
        {
            Assert.Equal((0, 51712), (entry[1], BinaryPrimitives.ReadUInt16LittleEndian(entry[2..])));
            return new Request(id, operation, sector, BinaryPrimitives.ReadInt64LittleEndian(entry[24..]), false, []);
        }

        var isIndirect = operation == Indirect;
        Assert.Equal(51712, BinaryPrimitives.ReadUInt16LittleEndian(entry[(isIndirect ? 24 : 2)..]));
        int count = isIndirect ? BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]) : entry[1];
        Assert.InRange(count, operation == Flush ? 0 : 1, isIndirect ? 256 : 11);
        var segments = isIndirect ? _frontend.Page(BinaryPrimitives.ReadUInt32LittleEndian(entry[28..])) : entry[24..];
        var parsed = new List<(uint Grant, int First, int Last)>();
        for (var index = 0; index < count; index++)
        {
            var segment = segments[(index * 8)..];
            parsed.Add((BinaryPrimitives.ReadUInt32LittleEndian(segment), segment[4], segment[5]));
        }

        return new Request(id, isIndirect ? entry[1] : operation, sector, parsed.Sum(static segment => segment.Last - segment.First + 1), isIndirect, parsed);
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
                break;
        }
    }

    private uint Read32(int offset) => Volatile.Read(ref MemoryMarshal.AsRef<uint>(_frontend.Page(Ring)[offset..]));

    private void Write32(int offset, uint value) => Volatile.Write(ref MemoryMarshal.AsRef<uint>(_frontend.Page(Ring, toWrite: true)[offset..]), value);
}
