using Troupe.Core.Capabilities;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host.Xen;

/// <summary>What a Xen domain has beside a machine's buses: xenstore, and halves of devices that xenstore tells of.</summary>
public sealed class MachineXen
{
    private readonly WorkerInterrupts _workers;
    private readonly Lazy<XenGrants> _grants = new(static () => new XenGrants());

    private MachineXen(WorkerInterrupts workers, ulong storePage)
    {
        _workers = workers;
        Store = new MachineStoreConnection(storePage, new XenEventChannel(workers, HostCall.ChannelOfStore, 0));
    }

    /// <summary>The connection to xenstore. There is one: give it to one client.</summary>
    public XenStoreConnection Store { get; }

    /// <summary>The guest's half of a device whose other half is in <paramref name="domain"/>.</summary>
    public XenFrontend OpenFrontend(string name, ushort domain) => new MachineXenFrontend(name, domain, _grants.Value, _workers);

    /// <summary>Has the domain ask for a restart, and not for its end, when the program ends.</summary>
    public static void RestartAtExit() => KernelCalls.Require("restart the domain at the program's end", HostCall.RestartAtExit);

    /// <summary>Looks whether this is a Xen domain.</summary>
    internal static unsafe MachineXen? TryFind(WorkerInterrupts workers)
    {
        ulong page = 0;
        return KernelCalls.Call(HostCall.MachineFact, MachineFact.XenStore, 0, (long)&page, 0, 0) == 0 ? new MachineXen(workers, page) : null;
    }
}

/// <summary>xenstore's page is the toolstack's, so it is in no arena from which memory could be had or given back.</summary>
internal sealed unsafe class MachineStoreConnection : XenStoreConnection
{
    internal MachineStoreConnection(ulong page, XenEventChannel channel)
    {
        Page = new FixedPage((byte*)page).Allocate(FixedPage.Bytes, FixedPage.Bytes);
        Channel = channel;
    }

    /// <inheritdoc/>
    public override DmaBlock Page { get; }

    /// <inheritdoc/>
    public override EventChannel Channel { get; }

    private sealed class FixedPage(byte* address) : DmaArena(Bytes)
    {
        internal const int Bytes = 4096;

        /// <inheritdoc/>
        protected override DmaBlock AllocateCore(int length, int alignment) => new PhysicalDmaBlock(this, address, length);

        /// <inheritdoc/>
        protected override void FreeCore(DmaBlock block)
        {
            // It was never ours.
        }
    }
}

/// <summary>The capability of one device's half.</summary>
internal sealed class MachineXenFrontend(string name, ushort domain, XenGrants grants, WorkerInterrupts workers) : XenFrontend
{
    private const int PageBytes = 4096;

    /// <summary>More queues than any device has; a channel takes one of the machine's vectors.</summary>
    private const int MostChannels = 16;

    private readonly Lock _lock = new();
    private readonly List<PhysicalDmaArena> _arenas = [];
    private readonly List<XenEventChannel> _channels = [];
    private List<uint> _granted = [];
    private bool _isRevoked;

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override DmaArena CreateArena(long limit)
    {
        ThrowIfRevoked();
        PhysicalDmaArena arena = new(limit);
        _arenas.Add(arena);
        return arena;
    }

    /// <inheritdoc/>
    public override uint Grant(DmaBlock block, int offset, bool isReadOnly)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, block.Length - PageBytes);
        lock (_lock)
        {
            ThrowIfRevoked();
            ObjectDisposedException.ThrowIf(block.IsDisposed, block);
            ulong address = PhysicalDmaBlock.AddressOf(block) + (uint)offset;
            if (address % PageBytes != 0 || !_arenas.Contains(block.Arena))
            {
                throw new CapabilityException($"{name} can only grant whole pages of its own arenas.");
            }

            uint number = grants.Grant(domain, address, isReadOnly);
            _granted.Add(number);
            return number;
        }
    }

    /// <inheritdoc/>
    public override bool TryTakeBackGrants()
    {
        lock (_lock)
        {
            _granted = [.. _granted.Where(number => !grants.TryTakeBack(number))];
            return _granted.Count == 0;
        }
    }

    /// <inheritdoc/>
    public override EventChannel OpenChannel(int number = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        lock (_lock)
        {
            ThrowIfRevoked();
            if (number >= MostChannels)
            {
                throw new CapabilityException($"{name} has {MostChannels} event channels, and number {number} was asked for.");
            }

            while (_channels.Count <= number)
            {
                _channels.Add(new XenEventChannel(workers, HostCall.ChannelToDomain, domain));
            }

            return _channels[number];
        }
    }

    /// <inheritdoc/>
    public override void Revoke()
    {
        lock (_lock)
        {
            foreach (PhysicalDmaArena arena in _arenas)
            {
                arena.Revoke();
            }

            _isRevoked = true;
            _channels.ForEach(static channel => channel.Revoke());
        }

        TryTakeBackGrants();
    }

    private void ThrowIfRevoked()
    {
        if (_isRevoked)
        {
            throw new CapabilityException($"The grants of {name} were revoked.");
        }
    }
}
