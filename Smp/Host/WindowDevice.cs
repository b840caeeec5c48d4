using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host;

/// <summary>A device at a fixed place: a virtio-mmio window or the serial port.</summary>
internal sealed class WindowDevice(string name, Func<RegisterWindow> open, WiredInterruptLine line) : PlatformDevice
{
    private readonly List<PhysicalDmaArena> _arenas = [];
    private RegisterWindow? _window;
    private bool _isRevoked;

    /// <inheritdoc/>
    public override string Name => name;

    /// <summary>A wired line as the kernel half describes it: number, level and polarity bits.</summary>
    internal static WiredInterruptLine Line(WorkerInterrupts workers, ulong description) =>
        new(workers, (uint)description, (description >> 32 & 1) != 0, (description >> 33 & 1) != 0);

    /// <inheritdoc/>
    public override RegisterWindow OpenRegisters()
    {
        ThrowIfRevoked();
        return _window ??= open();
    }

    /// <inheritdoc/>
    public override InterruptLine OpenInterrupt()
    {
        ThrowIfRevoked();
        return line;
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
        foreach (PhysicalDmaArena arena in _arenas)
        {
            arena.Revoke();
        }

        _isRevoked = true;
        line.Revoke();
        (_window as MappedRegisterWindow)?.Revoke();
        (_window as PortRegisterWindow)?.Revoke();
    }

    private void ThrowIfRevoked()
    {
        if (_isRevoked)
        {
            throw new CapabilityException($"The grants of {name} were revoked.");
        }
    }
}

/// <summary>The announced virtio-mmio windows.</summary>
internal sealed class MachineVirtioMmioBus : VirtioMmioBus
{
    private readonly List<PlatformDevice> _devices = [];

    internal MachineVirtioMmioBus(WorkerInterrupts workers)
    {
        for (int i = 0; MachineFacts.TryGetVirtioWindow(i, out ulong address, out ulong length, out ulong line); i++)
        {
            _devices.Add(new WindowDevice(
                $"virtio-mmio {i}", () => new MappedRegisterWindow(address, (int)length), WindowDevice.Line(workers, line)));
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<PlatformDevice> Devices => _devices;
}
