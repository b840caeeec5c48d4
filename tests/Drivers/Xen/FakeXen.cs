using System.Buffers.Binary;
using System.Text;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>An event channel whose callback runs on the thread that raises it.</summary>
internal sealed class FakeChannel(uint port = 7) : EventChannel
{
    private Action? _callback;
    private bool _isRevoked;

    /// <summary>Who hears of it, if anybody was chosen.</summary>
    public int? Processor { get; private set; }

    public bool IsConnected => _callback is not null;

    public Action OnNotify { get; set; } = static () => { };

    public override uint Port => port;

    public override void Connect(Action onInterrupt, int? processor = null)
    {
        if (_isRevoked)
        {
            throw new CapabilityException("The device's grants were revoked.");
        }

        (_callback, Processor) = (onInterrupt, processor);
    }

    public override void Disconnect() => _callback = null;

    public override void Notify()
    {
        if (!_isRevoked)
        {
            OnNotify();
        }
    }

    /// <summary>Disconnects for good.</summary>
    public void Revoke()
    {
        _isRevoked = true;
        Disconnect();
    }

    public void Raise() => _callback?.Invoke();
}

/// <summary>xenstore's page and channel, with a store of a few nodes behind.</summary>
internal sealed class FakeStore : XenStoreConnection
{
    private const int Ring = 1024, RequestConsumer = 2048, RequestProducer = 2052, ResponseConsumer = 2056, ResponseProducer = 2060;

    private readonly FakeChannel _channel = new();
    private readonly List<byte> _request = [];
    private readonly Queue<byte> _response = new();
    private readonly List<(string Path, string Token)> _watches = [];
    private readonly Lock _lock = new();

    public FakeStore()
    {
        FakeMemory memory = new();
        Page = new FakeArena(memory).Allocate(4096, 4096);
        _channel.OnNotify = Serve;
    }

    public override DmaBlock Page { get; }

    public override EventChannel Channel => _channel;

    public SortedDictionary<string, string> Nodes { get; } = new(StringComparer.Ordinal);

    /// <summary>Called after a write, without the store's lock.</summary>
    public Action<string, string> OnWrite { get; set; } = static (_, _) => { };

    /// <summary>Sets a node as somebody else would.</summary>
    public void Set(string path, string value)
    {
        lock (_lock)
        {
            Nodes[path] = value;
            foreach (var (watched, token) in _watches.Where(watch => path.StartsWith(watch.Path, StringComparison.Ordinal)))
            {
                Respond(15, 0, $"{path}\0{token}\0");
            }

            Pump();
        }

        _channel.Raise();
    }

    /// <summary>Sends bytes that are no answer to anything.</summary>
    public void SendRaw(params byte[] bytes)
    {
        lock (_lock)
        {
            bytes.ToList().ForEach(_response.Enqueue);
            Pump();
        }

        _channel.Raise();
    }

    private void Serve()
    {
        List<(string Path, string Value)> written = [];
        bool hasAnswer;
        lock (_lock)
        {
            var consumer = Page.ReadUInt32(RequestConsumer);
            for (; consumer != Page.ReadUInt32Acquire(RequestProducer); consumer++)
            {
                _request.Add(Page.Memory.Span[(int)(consumer % Ring)]);
            }

            Page.WriteUInt32Release(RequestConsumer, consumer);
            while (_request.Count >= 16 && _request.Count >= 16 + (int)Word(12))
            {
                Answer(written);
                _request.RemoveRange(0, 16 + (int)Word(12));
            }

            hasAnswer = _response.Count > 0;
            Pump();
        }

        written.ForEach(pair => OnWrite(pair.Path, pair.Value));
        if (hasAnswer)
        {
            _channel.Raise();
        }
    }

    private void Answer(List<(string Path, string Value)> written)
    {
        var (kind, id) = (Word(0), Word(4));
        var parts = Encoding.UTF8.GetString([.. _request.Skip(16).Take((int)Word(12))]).Split('\0');
        switch (kind)
        {
            case 1:
                var children = Nodes.Keys.Where(path => path.StartsWith(parts[0] + "/", StringComparison.Ordinal)).Select(path => path[(parts[0].Length + 1)..].Split('/')[0]).Distinct().ToList();
                Respond(children.Count == 0 ? 16u : 1, id, children.Count == 0 ? "ENOENT\0" : string.Concat(children.Select(child => child + "\0")));
                break;
            case 2:
                Respond(Nodes.ContainsKey(parts[0]) ? 2u : 16, id, Nodes.GetValueOrDefault(parts[0], "ENOENT\0"));
                break;
            case 4:
                _watches.Add((parts[0], parts[1]));
                Respond(4, id, "OK\0");
                Respond(15, 0, $"{parts[0]}\0{parts[1]}\0");
                break;
            case 11:
                Nodes[parts[0]] = parts[1];
                written.Add((parts[0], parts[1]));
                Respond(11, id, "OK\0");
                break;
        }
    }

    private void Respond(uint kind, uint id, string payload)
    {
        var header = new byte[16];
        var text = Encoding.UTF8.GetBytes(payload);
        BinaryPrimitives.WriteUInt32LittleEndian(header, kind);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), id);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), (uint)text.Length);
        header.Concat(text).ToList().ForEach(_response.Enqueue);
    }

    private void Pump()
    {
        var producer = Page.ReadUInt32(ResponseProducer);
        while (producer - Page.ReadUInt32Acquire(ResponseConsumer) < Ring && _response.TryDequeue(out var value))
        {
            Page.Memory.Span[1024 + (int)(producer++ % Ring)] = value;
        }

        Page.WriteUInt32Release(ResponseProducer, producer);
    }

    private uint Word(int offset) => BinaryPrimitives.ReadUInt32LittleEndian([.. _request.Skip(offset).Take(4)]);
}

/// <summary>The capability of a device's half: grants are numbers of pages of fake memory.</summary>
internal sealed class FakeFrontend(string name = "vif 0") : XenFrontend
{
    private readonly Dictionary<uint, (FakeBlock Block, int Offset, bool IsReadOnly)> _grants = [];
    private readonly FakeGrants _revocable = new();
    private uint _next = 8;

    public FakeMemory Memory { get; } = new();

    /// <summary>The channels by number, as far as they were opened.</summary>
    public List<FakeChannel> Channels { get; } = [new()];

    public FakeChannel Channel => Channels[0];

    /// <summary>Whether the other end has pages mapped.</summary>
    public bool IsMapped { get; set; }

    /// <summary>How often more it is said that the other end has pages mapped, though it may let go at once afterwards.</summary>
    public int Refusals { get; set; }

    public int GrantCount => _grants.Count;

    public override string Name => name;

    public override FakeArena CreateArena(long limit) => _revocable.Add(new FakeArena(Memory, limit));

    public override uint Grant(DmaBlock block, int offset, bool isReadOnly)
    {
        _revocable.ThrowIfRevoked();
        Assert.Equal(0, offset % 4096);
        _grants.Add(++_next, ((FakeBlock)block, offset, isReadOnly));
        return _next;
    }

    public override bool TryTakeBackGrants()
    {
        if (Refusals > 0)
        {
            Refusals--;
            return false;
        }

        if (!IsMapped)
        {
            _grants.Clear();
        }

        return !IsMapped;
    }

    public override EventChannel OpenChannel(int number = 0)
    {
        _revocable.ThrowIfRevoked();
        while (Channels.Count <= number)
        {
            Channels.Add(new FakeChannel((uint)(7 + Channels.Count)));
        }

        return Channels[number];
    }

    public override void Revoke()
    {
        _revocable.Revoke();
        Channels.ForEach(static channel => channel.Revoke());
        TryTakeBackGrants();
    }

    /// <summary>Whether the other end may write by a grant.</summary>
    public bool MayWrite(uint grant) => _grants.TryGetValue(grant, out var granted) && !granted.IsReadOnly;

    /// <summary>What the other end reaches by a grant.</summary>
    public Span<byte> Page(uint grant, bool toWrite = false)
    {
        Assert.True(_grants.TryGetValue(grant, out var granted), $"grant {grant} is not given");
        Assert.False(toWrite && granted.IsReadOnly, $"grant {grant} is for reading");
        return granted.Block.Bytes.AsSpan(granted.Offset, 4096);
    }
}
