using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Discovery;

/// <summary>Gives each device that a discovery finds to the first driver that fits, and knows who drives what.</summary>
public sealed class DeviceRegistrar : Actor<DeviceRegistrarMessage>
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
    protected override ValueTask ReceiveAsync(DeviceRegistrarMessage message)
    {
        switch (message)
        {
            case DeviceRegistrarMessage.Found found:
                _devices.Add(StartDriver(found));
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
                return new DeviceEntry(found.Device, factory.Name, factory.Start(Context.System, found.Device, capability), null);
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
