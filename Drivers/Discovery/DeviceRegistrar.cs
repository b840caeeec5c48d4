using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Discovery;

/// <summary>Gives each device that a discovery finds to the first driver that fits, knows who drives what, and takes the device back when its driver has stopped for good.</summary>
public sealed class DeviceRegistrar : Actor<DeviceRegistrarMessage>, IRefusesSwap
{
    private readonly ImmutableArray<DriverFactory> _factories;
    private readonly HashSet<DeviceBus> _awaited;
    private readonly List<DeviceEntry> _devices = [];
    private readonly List<Reply<ImmutableArray<DeviceEntry>>> _asking = [];

    /// <summary>Creates the registrar with the drivers there are, the preferred first, and the discoveries that will report.</summary>
    public DeviceRegistrar(ImmutableArray<DriverFactory> factories, ImmutableArray<DeviceBus> expected)
    {
        _factories = factories;
        _awaited = [.. expected];
    }

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "it knows which driver has which device, and a new one would find none: discoveries report once.";

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(DeviceRegistrarMessage message)
    {
        switch (message)
        {
            case DeviceRegistrarMessage.Found found:
                _devices.Add(StartDriver(found));
                break;
            case DeviceRegistrarMessage.DriverStopped stopped:
                // It has reset its device before, if it could; clients that still have buffers of it may keep them.
                stopped.Capability.Revoke();
                break;
            case DeviceRegistrarMessage.ScanCompleted completed:
                _awaited.Remove(completed.Bus);
                break;
            case DeviceRegistrarMessage.GetDevices asked:
                _asking.Add(asked.Reply);
                break;
        }

        if (_awaited.Count == 0 && _asking.Count > 0)
        {
            var devices = _devices.ToImmutableArray();
            foreach (var reply in _asking)
            {
                reply.Set(devices);
            }

            _asking.Clear();
        }

        return default;
    }

    private DeviceEntry StartDriver(DeviceRegistrarMessage.Found found)
    {
        foreach (var factory in _factories)
        {
            if (!factory.Matches(found.Device))
            {
                continue;
            }

            var capability = default(DeviceCapability);
            try
            {
                capability = found.Open();
                var driver = factory.Start(Context.System, found.Device, capability);
                Context.Watch(driver, new DeviceRegistrarMessage.DriverStopped(capability));
                return new DeviceEntry(found.Device, factory.Name, driver, null);
            }
            catch (Exception exception)
            {
                // One device that cannot be driven is no reason to lose the others; the entry says what happened.
                capability?.Revoke();
                return new DeviceEntry(found.Device, factory.Name, null, exception.Message);
            }
        }

        return new DeviceEntry(found.Device, null, null, null);
    }
}
