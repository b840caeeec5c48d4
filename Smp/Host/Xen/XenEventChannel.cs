// xen/include/public/event_channel.h, by the kernel half's calls (HostCall).
using Troupe.Core.Capabilities;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host.Xen;

/// <summary>An event channel whose events come as those of a vector.</summary>
internal sealed class XenEventChannel(WorkerInterrupts workers, ulong kind, ushort remoteDomain) : EventChannel
{
    // Held for every call that names the vector or the port: once given back, they are another channel's.
    private readonly Lock _lock = new();
    private int _vector = -1;
    private uint _port;
    private bool _isRevoked;

    /// <inheritdoc/>
    public override uint Port => _port;

    /// <inheritdoc/>
    public override void Connect(Action onInterrupt, int? processor = null)
    {
        ArgumentNullException.ThrowIfNull(onInterrupt);
        lock (_lock)
        {
            if (_isRevoked)
            {
                throw new CapabilityException("The device's grants were revoked.");
            }

            if (_vector < 0)
            {
                long opened = KernelCalls.Require(
                    "open an event channel", HostCall.OpenChannel, (long)kind, remoteDomain, processor ?? workers.ChooseProcessor());
                _vector = (int)(opened & 0xFF);
                _port = (uint)(opened >> 32);
            }

            workers.Set(_vector, onInterrupt);
            KernelCalls.Require("let an event channel interrupt", HostCall.UnmaskChannel, _port);
        }
    }

    /// <inheritdoc/>
    public override void Notify()
    {
        // Without the lock: only the owner connects and disconnects, and the kernel refuses a port that is not open.
        if (_vector >= 0)
        {
            KernelCalls.Call(HostCall.NotifyChannel, _port, 0, 0, 0, 0);
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

            // The vector is given back with the channel; until then nobody else can have set a callback of its number.
            workers.Clear(_vector);
            KernelCalls.Call(HostCall.CloseChannel, _port, 0, 0, 0, 0);
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
}
