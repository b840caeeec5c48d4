// xen/include/public/grant_table.h and io/xenbus.h, as far as a front end sees them.
using System.Globalization;
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Xen;

namespace Troupe.Verification.Simulator;

/// <summary>The capability of a front end: grants are numbers of pages of guarded memory.</summary>
internal sealed class LyingFrontend(GuardedMemory memory) : XenFrontend
{
    private const int PageLength = 4096;

    private readonly Dictionary<uint, (GuardedBlock Block, int Offset, bool IsReadOnly)> _grants = [];
    private uint _next = 8;

    public LyingChannel Channel { get; } = new();

    public GuardedArena? Arena { get; private set; }

    /// <summary>Whether the other half keeps the pages that are wanted back.</summary>
    public bool IsMapped { get; set; }

    public override string Name => "lying";

    public override DmaArena CreateArena(long limit) => Arena = new(memory, limit);

    public override uint Grant(DmaBlock block, int offset, bool isReadOnly)
    {
        if (offset % PageLength != 0 || offset > block.Length - PageLength)
            memory.Tell($"a page at {offset} of a block of {block.Length} octets was granted");
        _grants.Add(++_next, ((GuardedBlock)block, offset, isReadOnly));
        return _next;
    }

    public override bool TryTakeBackGrants()
    {
        if (!IsMapped)
            _grants.Clear();
        return !IsMapped;
    }

    // Cards and disks of one queue have one.
    public override EventChannel OpenChannel(int number = 0) => Channel;

    public override void Revoke()
    {
    }

    public bool MayRead(uint grant) => _grants.ContainsKey(grant);

    public bool MayWrite(uint grant) => _grants.TryGetValue(grant, out var granted) && !granted.IsReadOnly;

    /// <summary>What the other half reaches by a grant.</summary>
    public Span<byte> Page(uint grant, bool toWrite)
    {
        (GuardedBlock block, int offset, bool isReadOnly) = _grants[grant];
        if (toWrite && isReadOnly)
            throw new InvariantException($"Grant {grant} is for reading.");
        return memory.At(block.Address + (ulong)offset, PageLength);
    }

    /// <summary>Anything into a page that may be written, the rings too.</summary>
    public void Scribble(Random random)
    {
        uint[] writable = [.. _grants.Where(static grant => !grant.Value.IsReadOnly).Select(static grant => grant.Key)];
        // The rings are the last two that were granted.
        Span<byte> page = Page(writable[random.Next(writable.Length - 2)], toWrite: true);
        random.NextBytes(page);
    }
}

/// <summary>An event channel whose callback runs at once.</summary>
internal sealed class LyingChannel : EventChannel
{
    private Action? _callback;

    public override uint Port => 7;

    public override void Connect(Action onInterrupt, int? processor = null) => _callback = onInterrupt;

    public override void Disconnect() => _callback = null;

    public override void Notify()
    {
        // The other half looks at its rings all the time.
    }

    public void Raise() => _callback?.Invoke();
}

/// <summary>xenstore, as far as the two halves of a card need it. It is honest itself; what the other half puts into it need not make sense.</summary>
internal sealed class LyingXenStore(Action<string> onFrontState) : Actor<XenStoreMessage>
{
    public const string Front = "device/vif/0";
    private const string Other = "/local/domain/0/backend/vif/1/0";

    private readonly Dictionary<string, string> _nodes = new()
    {
        [$"{Front}/backend"] = Other,
        [$"{Front}/mac"] = "00:16:3e:01:02:03",
        [$"{Other}/state"] = "2",
        [$"{Other}/feature-ipv6-csum-offload"] = "1",
    };

    private Action? _onOtherState;

    public uint Number(string node) => uint.Parse(_nodes[$"{Front}/{node}"], CultureInfo.InvariantCulture);

    public void SetOther(string? state)
    {
        if (state is null)
            _nodes.Remove($"{Other}/state");
        else
            _nodes[$"{Other}/state"] = state;
        _onOtherState?.Invoke();
    }

    protected override ValueTask ReceiveAsync(XenStoreMessage message)
    {
        switch (message)
        {
            case XenStoreMessage.Read read:
                read.Reply.Set(_nodes.GetValueOrDefault(read.Path));
                break;
            case XenStoreMessage.Write write:
                _nodes[write.Path] = write.Value;
                write.Reply.Set(true);
                if (write.Path == $"{Front}/state")
                    onFrontState(write.Value);
                break;
            case XenStoreMessage.Watch watch:
                _onOtherState = watch.OnChange;
                watch.Reply.Set(true);
                watch.OnChange();
                break;
            default:
                break;
        }

        return default;
    }
}
