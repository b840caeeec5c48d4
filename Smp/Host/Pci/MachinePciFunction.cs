// PCI Local Bus Specification 3.0, 6.2.2 (command), 6.7 (capabilities), 6.8.2 (MSI-X).
using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host.Pci;

/// <summary>The capability of one PCI function.</summary>
internal sealed class MachinePciFunction : PciFunction
{
    private const int CommandRegister = 4, CapabilityPointer = 0x34;
    private const uint PortDecoding = 1, MemoryDecoding = 2, BusMastering = 4, WiredDisabled = 1 << 10;
    private const int BarCount = 6;

    private readonly MachinePciBus _bus;
    private readonly RegisterWindow?[] _windows = new RegisterWindow?[BarCount];
    private readonly List<PhysicalDmaArena> _arenas = [];
    private readonly MessageTable? _messages;
    private readonly MessageInterruptLine?[] _vectors;
    private WiredInterruptLine? _line;
    private uint _wire;
    private bool _usesMessages;
    private bool _isRevoked;

    internal MachinePciFunction(MachinePciBus bus, PciAddress address)
    {
        _bus = bus;
        Address = address;
        _messages = MessageTable.TryFind(this, bus.Space, FindCapability(MessageTable.CapabilityId));
        _vectors = new MessageInterruptLine?[_messages?.Count ?? 0];
    }

    /// <inheritdoc/>
    public override PciAddress Address { get; }

    /// <inheritdoc/>
    public override string Name => $"pci {Address}";

    /// <inheritdoc/>
    public override int VectorCount => _vectors.Length;

    /// <inheritdoc/>
    public override uint ReadConfiguration(int offset)
    {
        ThrowIfRevoked();
        return _bus.ReadConfiguration(Address, offset);
    }

    /// <inheritdoc/>
    public override RegisterWindow OpenBar(int bar)
    {
        ThrowIfRevoked();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)bar, (uint)BarCount, nameof(bar));
        return _windows[bar] ??= Map(bar, _messages?.HiddenStart(bar) ?? 0, _messages?.HiddenEnd(bar) ?? 0);
    }

    /// <inheritdoc/>
    public override InterruptLine OpenVector(int vector)
    {
        ThrowIfRevoked();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)vector, (uint)VectorCount, nameof(vector));
        _messages!.Enable();
        _usesMessages = true;
        SetCommand(0, WiredDisabled);
        return _vectors[vector] ??= new MessageInterruptLine(_bus.Workers, _messages, vector);
    }

    /// <inheritdoc/>
    public override InterruptLine OpenInterrupt()
    {
        ThrowIfRevoked();
        if (_usesMessages)
        {
            throw new CapabilityException($"{Name} uses MSI-X already.");
        }

        if (_line is null)
        {
            uint number = WiredRouting.Find(Address, _bus.Space.Read32);
            _bus.TakeWire(number, Address);
            _wire = number;
            _line = new WiredInterruptLine(_bus.Workers, number, isLevelTriggered: true, isActiveLow: false);
            SetCommand(WiredDisabled, 0);
        }

        return _line;
    }

    /// <inheritdoc/>
    public override void SetBusMaster(bool enabled)
    {
        // The function may be another driver's by now.
        ThrowIfRevoked();
        SetCommand(enabled ? 0 : BusMastering, enabled ? BusMastering : 0);
    }

    /// <inheritdoc/>
    public override DmaArena CreateArena(long limit)
    {
        ThrowIfRevoked();
        var arena = new PhysicalDmaArena(limit);
        _arenas.Add(arena);
        return arena;
    }

    /// <inheritdoc/>
    public override void Revoke()
    {
        if (_isRevoked)
        {
            return;
        }

        foreach (PhysicalDmaArena arena in _arenas)
        {
            arena.Revoke();
        }

        _isRevoked = true;
        SetCommand(BusMastering, 0);
        foreach (MessageInterruptLine? line in _vectors)
        {
            line?.Revoke();
        }

        if (_line is not null)
        {
            SetCommand(0, WiredDisabled);
            _line.Revoke();
            _bus.ReturnWire(_wire);
        }

        foreach (RegisterWindow? window in _windows)
        {
            (window as MappedRegisterWindow)?.Revoke();
            (window as PortRegisterWindow)?.Revoke();
        }

        _bus.Close(Address);
    }

    /// <summary>Maps a register window.</summary>
    internal RegisterWindow Map(int bar, int hiddenStart, int hiddenEnd)
    {
        BaseAddress register = _bus.FindBaseAddress(Address, bar);
        if (register.Refusal is { } refusal)
        {
            throw new CapabilityException($"Base address register {bar} of {Name} {refusal}.");
        }

        SetCommand(0, register.IsPort ? PortDecoding : MemoryDecoding);
        return register.IsPort
            ? new PortRegisterWindow((ushort)register.Address, (int)register.Length)
            : new MappedRegisterWindow(register.Address, (int)register.Length, hiddenStart, hiddenEnd);
    }

    private void SetCommand(uint clear, uint set)
    {
        uint command = _bus.Space.Read32(Address, CommandRegister) & 0xFFFF;
        _bus.Space.Write32(Address, CommandRegister, (command & ~clear) | set);
    }

    private int FindCapability(byte id)
    {
        const uint HasCapabilities = 1 << 20;
        if ((_bus.Space.Read32(Address, CommandRegister) & HasCapabilities) == 0)
        {
            return 0;
        }

        int offset = (int)(_bus.Space.Read32(Address, CapabilityPointer) & 0xFC);
        for (int i = 0; i < 48 && offset != 0; i++)
        {
            uint header = _bus.Space.Read32(Address, offset);
            if ((byte)header == id)
            {
                return offset;
            }

            offset = (int)(header >> 8 & 0xFC);
        }

        return 0;
    }

    private void ThrowIfRevoked()
    {
        if (_isRevoked)
        {
            throw new CapabilityException($"The grants of {Name} were revoked.");
        }
    }
}
