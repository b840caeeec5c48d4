using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.VirtioNet;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>The queue pairs of a network card, each with an actor of its own, against a device that answers, interrupts and asks for a reset whenever it wants.</summary>
public sealed class MultiqueueTests(ITestOutputHelper output)
{
    // VIRTIO 1.2, 5.1.3 and 5.1.4: CTRL_VQ and MQ; where the number of pairs stands.
    private const ulong Features = (1UL << 17) | (1UL << 22);
    private const int PairsOffset = 8;
    private const int Pairs = 2, ControlQueue = 2 * Pairs;

    /// <summary>A schedule has three times the steps of one with a single pair.</summary>
    private const uint Iterations = 100;
    private const int HeaderLength = 12, NoSuchBuffer = 99;

    [Fact]
    public void A_frame_that_arrives_by_either_pair_is_handed_on_however_interrupts_and_actors_meet() => Interleavings.Hold(output, Receive(), iterations: Iterations);

    [Fact]
    public void A_reset_while_every_pair_has_frames_in_flight_takes_each_back_once() => Interleavings.Hold(output, Reset(leaks: false), iterations: Iterations);

    [Fact]
    public void A_lie_in_one_pair_resets_the_device_whatever_is_going_on_in_the_other() => Interleavings.Hold(output, Reset(leaks: false, lies: true), iterations: Iterations);

    [Fact]
    public void A_frame_that_a_pair_does_not_get_back_is_found_out() => Interleavings.Find(output, Reset(leaks: true), "Expected: 0", iterations: Iterations);

    /// <summary>The device says yes to two pairs, and a frame comes in by each, before or after the second one has its actor.</summary>
    private static Action Receive()
    {
        var beside = new Action[1];
        return CoyoteActorHost.Run(
            system =>
            {
                var model = CreateModel();
                var client = new CountingClient();
                var device = CreateDevice(model);
                device.Attach(client);
                Spawn(system, device);
                beside[0] = () =>
                {
                    Answer(model);
                    Arrive(model, pair: 1);
                    Arrive(model, pair: 0);
                };
                return () => Assert.Equal(2, client.Frames);
            },
            beside: beside);
    }

    /// <summary>Frames go out and come in by both pairs while the device asks for a reset, or gives back a buffer it does not have. Then the device is stopped: every frame must be back in its pool.</summary>
    private static Action Reset(bool leaks, bool lies = false)
    {
        var beside = new Action[2];
        return CoyoteActorHost.Run(
            system =>
            {
                var model = CreateModel();
                var client = new CountingClient { Leaks = leaks };
                var device = CreateDevice(model);
                device.Attach(client);
                ActorRef<NetworkDeviceMessage> driver = Spawn(system, device);
                beside[0] = () =>
                {
                    for (var pair = 0; pair < Pairs; pair++) FlowFrames.Send(driver, device.Batches, device.TransmitFrames, pair, Pairs);
                };
                beside[1] = () =>
                {
                    Answer(model);
                    Arrive(model, pair: 1);
                    Leave(model, pair: 1);
                    if (lies) model.Do(() => model.Push(2, NoSuchBuffer, 1));
                    else model.AskForReset();
                    Leave(model, pair: 1);
                };
                return () =>
                {
                    Assert.True(model.Resets > 1, "it was not reset");
                    device.Stop();
                    Assert.Equal(0, device.ReceiveFrames.RentedCount + device.TransmitFrames.RentedCount);
                    Assert.Equal(0, device.ReceiveFrames.MisuseCount + device.TransmitFrames.MisuseCount);
                };
            },
            beside: beside);
    }

    private static VirtioModel CreateModel()
    {
        var model = new VirtioModel(ControlQueue + 1, 4, features: Features);
        model.Configuration[PairsOffset] = Pairs;
        return model;
    }

    private static VirtioNetDevice CreateDevice(VirtioModel model) => new(model, model.CreateArena(), new VirtioNetOptions
    {
        RingSizeLimit = 4,
        ReceiveFrameCount = 10,
        TransmitFrameCount = 4,
        BatchCount = 6,
        TransmitQueueLength = 4,
        Offloads = false,
        QueuePairs = Pairs,
    });

    private static ActorRef<NetworkDeviceMessage> Spawn(ActorSystem system, VirtioNetDevice device) => system.Spawn(
        () => new VirtioNetDriver(device), new SpawnOptions { Name = "driver", OnFailure = FailurePolicy.Restart });

    /// <summary>The device says yes to what it is asked (5.1.6.5).</summary>
    private static void Answer(VirtioModel model)
    {
        if (!model.WaitForNotification(ControlQueue)) return;
        model.Do(() =>
        {
            if (!model.TryPopChain(ControlQueue, out var head, out var pieces)) return;
            pieces[1].Span[0] = 0;
            model.Push(ControlQueue, head, 1);
        });
    }

    private static void Arrive(VirtioModel model, int pair) => model.Do(() =>
    {
        if (!model.TryPop(2 * pair, out var head, out var memory)) return;
        memory.Span[..(HeaderLength + FlowFrames.Length)].Clear();
        memory.Span[10] = 1;
        model.Push(2 * pair, head, HeaderLength + FlowFrames.Length);
    });

    private static void Leave(VirtioModel model, int pair) => model.Do(() =>
    {
        if (model.TryPop((2 * pair) + 1, out var head, out _)) model.Push((2 * pair) + 1, head, 0);
    });
}
