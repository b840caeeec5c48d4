using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Apps.Hosting;

/// <summary>A network device that is to start, and the news that it has.</summary>
internal sealed class DeviceStart(ActorRef<NetworkDeviceMessage> device, int number) : NetworkDeviceClient
{
    // A driver starts within milliseconds; on Xen its other half may come a little later, and is looked for each second. A guest on a host that is very busy needs a second or two.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource<NetworkDeviceInformation> _information = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action? _started;

    public ActorRef<NetworkDeviceMessage> Device { get; } = device;

    public int Number { get; } = number;

    /// <summary>Completes when the device has started for the first time.</summary>
    public Task<NetworkDeviceInformation> Information => _information.Task;

    public bool HasStarted => Information.IsCompletedSuccessfully;

    /// <summary>The interface it is, and the driver with the place of the card.</summary>
    public string Name => $"{InternetInterface.NameOf(Number)} ({Device.Name ?? Device.Path})";

    /// <summary>Waits until a stack can be put on the devices: all have started, or one has and the others had their time.</summary>
    public static async Task WaitAsync(IReadOnlyList<DeviceStart> devices, TimeProvider time, Action<string> notice, CancellationToken cancellationToken)
    {
        // Awaited as they are: a task around them would go on wherever the pool is, and a test's order with it.
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously), settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int missing = devices.Count;
        foreach (DeviceStart one in devices)
        {
            one._started = () =>
            {
                first.TrySetResult();
                if (Interlocked.Decrement(ref missing) == 0)
                    settled.TrySetResult();
            };
            await one.Device.TellAsync(NetworkDeviceMessage.Attach(one), cancellationToken);
        }

        using (time.CreateTimer(static all => ((TaskCompletionSource)all!).TrySetResult(), settled, _patience, Timeout.InfiniteTimeSpan))
            await settled.Task.WaitAsync(cancellationToken);
        if (Volatile.Read(ref missing) == 0)
            return;
        bool isAlone = !devices.Any(static one => one.HasStarted);
        foreach (DeviceStart one in devices.Where(static one => !one.HasStarted))
            notice($"{one.Name}: this network card has not started. {(isAlone ? "Waiting for it." : "The others go on without it; it joins them when it starts.")}");
        await first.Task.WaitAsync(cancellationToken);
    }

    // A driver that is started again says it again.
    private void Started(NetworkDeviceInformation information)
    {
        if (_information.TrySetResult(information))
            _started?.Invoke();
    }

    protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
    {
        if (deviceEvent is { Kind: NetworkDeviceEventKind.Started, Information: { } information })
            Started(information);
        // What arrives before there is a stack is given back to the driver, which drops and counts it.
        return deviceEvent.Kind != NetworkDeviceEventKind.Received;
    }
}
