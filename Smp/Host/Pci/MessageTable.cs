// PCI Local Bus Specification 3.0, 6.8.2: MSI-X capability and table.
using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host.Pci;

/// <summary>A function's MSI-X table: written here only, because an entry is an address that the device writes to.</summary>
internal sealed class MessageTable
{
    internal const byte CapabilityId = 0x11;

    private const int EntrySize = 16, DataOffset = 8, ControlOffset = 12;
    private const uint EnableBit = 0x8000_0000, FunctionMaskBit = 0x4000_0000, EntryMask = 1;
    private const int Page = 4096;

    private readonly MachinePciFunction _function;
    private readonly ConfigurationSpace _space;
    private readonly int _capability;
    private readonly int _bar;
    private readonly int _offset;
    private readonly Lock _lock = new();
    private RegisterWindow? _window;
    private bool _isEnabled;

    private MessageTable(MachinePciFunction function, ConfigurationSpace space, int capability)
    {
        _function = function;
        _space = space;
        _capability = capability;
        uint location = space.Read32(function.Address, capability + 4);
        _bar = (int)(location & 7);
        _offset = (int)(location & ~7u);
        Count = (int)(space.Read32(function.Address, capability) >> 16 & 0x7FF) + 1;
    }

    /// <summary>Entries.</summary>
    internal int Count { get; }

    /// <summary>The table of a function that has one.</summary>
    internal static MessageTable? TryFind(MachinePciFunction function, ConfigurationSpace space, int capability) =>
        capability == 0 ? null : new MessageTable(function, space, capability);

    /// <summary>First byte of the register window's part that holds the table, in whole pages.</summary>
    internal int HiddenStart(int bar) => bar == _bar ? _offset & ~(Page - 1) : 0;

    /// <summary>Its end; 0: the window holds no table.</summary>
    internal int HiddenEnd(int bar) => bar == _bar ? (_offset + (Count * EntrySize) + Page - 1) & ~(Page - 1) : 0;

    /// <summary>Switches the function to messages; all entries masked.</summary>
    internal void Enable()
    {
        lock (_lock)
        {
            if (_isEnabled)
            {
                return;
            }

            _window = _function.Map(_bar, 0, 0);
            for (int entry = 0; entry < Count; entry++)
            {
                _window.Write32(_offset + (entry * EntrySize) + ControlOffset, EntryMask);
            }

            uint control = _space.Read32(_function.Address, _capability);
            _space.Write32(_function.Address, _capability, (control & ~FunctionMaskBit) | EnableBit);
            _isEnabled = true;
        }
    }

    /// <summary>Writes an entry, still masked.</summary>
    internal void Set(int entry, ulong address, uint data)
    {
        int at = _offset + (entry * EntrySize);
        _window!.Write32(at, (uint)address);
        _window.Write32(at + 4, (uint)(address >> 32));
        _window.Write32(at + DataOffset, data);
    }

    /// <summary>Masks or unmasks an entry.</summary>
    internal void SetMask(int entry, bool masked) =>
        _window!.Write32(_offset + (entry * EntrySize) + ControlOffset, masked ? EntryMask : 0);
}

/// <summary>One MSI-X entry.</summary>
internal sealed unsafe class MessageInterruptLine(WorkerInterrupts workers, MessageTable table, int entry) : RoutedInterruptLine(workers)
{
    /// <inheritdoc/>
    public override bool IsLevelTriggered => false;

    private protected override int Open(int processor)
    {
        ulong address = 0;
        long result = KernelCalls.Require("hand out an interrupt vector", Kernel.HostCall.OpenMessage, processor, (long)&address);
        table.Set(entry, address, (uint)(result >> 32));
        return (int)(result & 0xFF);
    }

    private protected override void Enable(int vector) => table.SetMask(entry, masked: false);

    private protected override void Disable(int vector) => table.SetMask(entry, masked: true);
}
