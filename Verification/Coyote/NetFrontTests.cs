using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Xen;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>A Xen network card's driver against another half that delivers, answers, lies, closes and sends events whenever it wants. Beside planted bugs.</summary>
public sealed class NetFrontTests(ITestOutputHelper output)
{
    /// <summary>A schedule has many steps: everything goes through xenstore first.</summary>
    private const uint Iterations = 50;

    [Fact]
    public void A_frame_that_arrives_is_handed_on_however_events_and_messages_meet() => Interleavings.Hold(output, Receive(queues: 1), iterations: Iterations);

    [Fact]
    public void A_frame_that_arrives_by_either_queue_is_handed_on() => Interleavings.Hold(output, Receive(queues: 2), iterations: Iterations);

    [Fact]
    public void Another_half_that_sends_its_event_before_it_writes_is_found_out() => Interleavings.Find(output, Receive(queues: 1, eventsFirst: true), "Expected: 2", iterations: Iterations);

    [Fact]
    public void A_connection_that_is_closed_while_every_queue_has_frames_on_their_way_takes_each_back_once() => Interleavings.Hold(output, End(leaks: false), iterations: Iterations);

    [Fact]
    public void A_lie_in_one_queue_cuts_the_other_half_off_whatever_is_going_on_in_the_other_queue() => Interleavings.Hold(output, End(leaks: false, lies: true), iterations: Iterations);

    [Fact]
    public void A_frame_that_nobody_gives_back_is_found_out() => Interleavings.Find(output, End(leaks: true), "Expected: 0", iterations: Iterations);

    /// <summary>Two frames arrive at the driver, whose mailbox has room for one message, which others fill; and it takes one frame in a turn.</summary>
    private static Action Receive(int queues, bool eventsFirst = false)
    {
        var beside = new Action[2];
        return CoyoteActorHost.Run(
            system =>
            {
                var model = new XenNetworkModel(queues, eventsFirst);
                var client = new CountingClient();
                var device = CreateDevice(model);
                device.Attach(client);
                var (driver, _) = Spawn(system, model, device, capacity: 1);
                beside[0] = () => driver.TryTell(NetworkDeviceMessage.Continue());
                beside[1] = () =>
                {
                    Arrive(model, queues - 1);
                    Arrive(model, 0);
                };
                return () => Assert.Equal(2, client.Frames);
            },
            beside: beside);
    }

    /// <summary>Frames go out and come in by both queues while the other half closes, or uses a buffer it does not have. Then the device is stopped: every frame must be back in its pool.</summary>
    private static Action End(bool leaks, bool lies = false)
    {
        const int Queues = 2;
        var beside = new Action[2];
        return CoyoteActorHost.Run(
            system =>
            {
                var model = new XenNetworkModel(Queues);
                var client = new CountingClient { Leaks = leaks };
                var device = CreateDevice(model);
                device.Attach(client);
                var (driver, store) = Spawn(system, model, device, capacity: 8);
                beside[0] = () =>
                {
                    for (var queue = 0; queue < Queues; queue++) FlowFrames.Send(driver, device.Batches, device.TransmitFrames, queue, Queues);
                };
                beside[1] = () =>
                {
                    Arrive(model, 1);
                    model.TakeSent(1);
                    if (lies) while (!model.TryLie(1)) model.WaitForNotification();
                    else store.TryTell(new XenStoreMessage.Write(XenStoreModel.OtherState, "5", default));
                    model.TakeSent(1);
                    model.TakeSent(0);
                };
                return () =>
                {
                    Assert.True(device.IsRunning, "it has not connected again");
                    var seen = device.ReadStatistics();
                    Assert.Equal((1, lies ? 1 : 0), (seen.Resets, seen.DeviceViolations));
                    device.Stop();
                    Assert.Equal(0, device.ReceiveFrames.RentedCount + device.TransmitFrames.RentedCount);
                    Assert.Equal(0, device.ReceiveFrames.MisuseCount + device.TransmitFrames.MisuseCount);
                };
            },
            beside: beside,
            time: static () => new SteppedTime());
    }

    private static NetFrontDevice CreateDevice(XenNetworkModel model) => new(model, model.CreateArena(1 << 26), new NetFrontOptions
    {
        ReceiveFrameCount = 8,
        TransmitFrameCount = 4,
        BatchCount = 6,
        TransmitQueueLength = 4,
        ReceiveBudget = 1,
        Queues = model.Queues,
    });

    private static (ActorRef<NetworkDeviceMessage> Driver, ActorRef<XenStoreMessage> Store) Spawn(ActorSystem system, XenNetworkModel model, NetFrontDevice device, int capacity)
    {
        ActorRef<XenStoreMessage> store = system.Spawn(new XenStoreModel(model), new SpawnOptions { Name = "xenstore" });
        ActorRef<NetworkDeviceMessage> driver = system.Spawn(
            () => new NetFrontDriver(device, store, XenStoreModel.Front),
            new SpawnOptions { Name = "driver", OnFailure = FailurePolicy.Restart, WaitsFor = [store], Mailbox = new MailboxOptions { Capacity = capacity } });
        return (driver, store);
    }

    private static void Arrive(XenNetworkModel model, int queue)
    {
        while (!model.TryDeliver(queue)) model.WaitForNotification();
    }
}
