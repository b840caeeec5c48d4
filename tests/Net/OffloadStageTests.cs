using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests;

public sealed class OffloadStageTests
{
    // A stage sees complete frames of the link's size, so nothing is left to the device.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnApplicationWithStagesGetsItsCardWithoutOffloads(bool hasStages)
    {
        RecordingMachine machine = new();
        UnikernelBuilder builder = Unikernel.CreateBuilder([], machine);
        if (hasStages)
            builder.Network.Stages = static (_, _) => null;
        await using UnikernelApplication application = builder.Build();
        await application.StartAsync();
        Assert.Equal(!hasStages, machine.Offloads);
    }

    private sealed class RecordingMachine : IMachine
    {
        private readonly HostedMachine _hosted = new();

        public bool? Offloads { get; private set; }

        public IWorkerHost? WorkerHost => null;

        public IRandomness Randomness => _hosted.Randomness;

        public void ConnectConsole(ActorSystem system) => _hosted.ConnectConsole(system);

        public ValueTask<ImmutableArray<ActorRef<NetworkDeviceMessage>>> StartAsync(ActorSystem system, bool offloads, CancellationToken cancellationToken)
        {
            Offloads = offloads;
            return new([]);
        }
    }
}
