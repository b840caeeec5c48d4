using Troupe.Actors.TestKit;

namespace Troupe.Verification.Simulator.Tests;

/// <summary>The lying half of a Xen network card fills no buffer that its front never offered, or the front would be blamed for what is in it.</summary>
public sealed class LyingBackendTests
{
    // More than a ring has.
    private const int Answers = 300;

    [Theory]
    [InlineData(Misbehaviour.WrongLength)]
    [InlineData(Misbehaviour.HeaderGarbage)]
    public void WhenItsAnswersHaveRunAheadOfWhatIsOfferedThereIsNoNextBufferToLieAbout(Misbehaviour kind)
    {
        DeterministicHost host = new(1);
        DeviceBench bench = DeviceCase.Create(DeviceKind.NetFront, new Random(1), host);
        host.Run(async () =>
        {
            await bench.StartAsync();
            Assert.True(bench.Misbehave(kind));
            for (int answer = 0; answer < Answers; answer++)
                Assert.True(bench.Misbehave(Misbehaviour.NotOffered));
            Assert.False(bench.Misbehave(kind));
        });
        host.Dispose(bench.System);
    }
}
