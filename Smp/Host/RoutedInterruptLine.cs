using Troupe.Core.Capabilities;

namespace Troupe.Smp.Host;

/// <summary>
/// An interrupt source routed to one processor's worker. A subclass says how a vector is opened: a wired line at an I/O APIC, or
/// a message written by the device.
/// </summary>
internal abstract class RoutedInterruptLine : InterruptLine
{
    // Held for every call that names the vector: once given back, its number is another line's.
    private readonly Lock _lock = new();
    private readonly WorkerInterrupts _workers;
    private int _vector = -1;
    private bool _isRevoked;

    private protected RoutedInterruptLine(WorkerInterrupts workers) => _workers = workers;

    /// <inheritdoc/>
    public override void Connect(Action onInterrupt, int? processor = null)
    {
        ArgumentNullException.ThrowIfNull(onInterrupt);
        lock (_lock)
        {
            ThrowIfRevoked();
            if (_vector < 0)
            {
                int target = processor ?? _workers.ChooseProcessor();
                _vector = Open(target);
            }

            _workers.Set(_vector, DeviceFaults.IsBuiltIn ? DeviceFaults.Connected(_vector, onInterrupt) : onInterrupt);
            Enable(_vector);
        }
    }

    /// <inheritdoc/>
    public override void Acknowledge()
    {
        if (!IsLevelTriggered)
        {
            return;
        }

        lock (_lock)
        {
            ThrowIfRevoked();
            if (_vector >= 0)
            {
                Enable(_vector);
            }
        }
    }

    /// <inheritdoc/>
    public override void Disconnect()
    {
        lock (_lock)
        {
            if (_vector < 0)
            {
                return;
            }

            Disable(_vector);
            if (DeviceFaults.IsBuiltIn)
            {
                DeviceFaults.Disconnected(_vector);
            }

            _workers.Clear(_vector);
            Close(_vector);
            _vector = -1;
        }
    }

    /// <summary>Disconnects for good.</summary>
    internal void Revoke()
    {
        lock (_lock)
        {
            _isRevoked = true;
            Disconnect();
        }
    }

    /// <summary>Gets a vector for a processor, its source still quiet.</summary>
    private protected abstract int Open(int processor);

    /// <summary>Lets the source interrupt.</summary>
    private protected abstract void Enable(int vector);

    /// <summary>Keeps the source from interrupting.</summary>
    private protected abstract void Disable(int vector);

    /// <summary>Gives the vector back.</summary>
    private protected virtual void Close(int vector) => KernelCalls.Call(Kernel.HostCall.CloseInterrupt, vector, 0, 0, 0, 0);

    private void ThrowIfRevoked()
    {
        if (_isRevoked)
        {
            throw new CapabilityException("The device's grants were revoked.");
        }
    }
}

/// <summary>A wired interrupt by its global number (ACPI 5.2.12).</summary>
internal sealed class WiredInterruptLine(WorkerInterrupts workers, uint line, bool isLevelTriggered, bool isActiveLow) : RoutedInterruptLine(workers)
{
    /// <inheritdoc/>
    public override bool IsLevelTriggered => isLevelTriggered;

    private protected override int Open(int processor) =>
        (int)KernelCalls.Require($"route interrupt {line}", Kernel.HostCall.OpenLine, line, (isLevelTriggered ? 1 : 0) | (isActiveLow ? 2 : 0), processor);

    private protected override void Enable(int vector) => KernelCalls.Require("unmask an interrupt", Kernel.HostCall.Unmask, vector);

    private protected override void Disable(int vector) => KernelCalls.Call(Kernel.HostCall.Mask, vector, 0, 0, 0, 0);
}
