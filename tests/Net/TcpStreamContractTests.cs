#if DEBUG
using System.IO.Pipelines;
#endif
using Troupe.Actors;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests;

/// <summary>A connection, or an application, that breaks the contract of the streams between them is caught in debug builds, and named.</summary>
public sealed class TcpStreamContractTests
{
    [Fact]
    public void OctetsAfterTheEndAreNotInTheContract()
    {
        Contract<TcpStreamState, TcpStreamStep> contract = TcpStreamContract.Instance;
        Assert.True(contract.IsLegal(TcpStreamState.Open, TcpStreamStep.Deliver));
        Assert.True(contract.IsLegal(TcpStreamState.OutputEnded, TcpStreamStep.Deliver));
        Assert.False(contract.IsLegal(TcpStreamState.InputEnded, TcpStreamStep.Deliver));
        Assert.False(contract.IsLegal(TcpStreamState.Closed, TcpStreamStep.Close));
    }

#if DEBUG
    [Fact]
    public void AConnectionThatDeliversOctetsBeforeItIsEstablishedIsNamed()
    {
        TcpByteStreams streams = new(new TcpConfiguration(), PipeScheduler.Inline);
        ContractViolationException violation = Assert.Throws<ContractViolationException>(() => streams.Deliver([1]));
        Assert.Equal(("TCP streams", "connection", "Deliver", "Opening"), (violation.Contract, violation.Party, violation.SentMessage, violation.State));
    }

    [Fact]
    public async Task AnApplicationThatWritesBeforeItHasTheConnectionIsNamed()
    {
        TcpByteStreams streams = new(new TcpConfiguration(), PipeScheduler.Inline);
        ContractViolationException violation = await Assert.ThrowsAsync<ContractViolationException>(async () => await streams.Output.WriteAsync(new byte[1]));
        Assert.Equal(("application", "Write", "Opening"), (violation.Party, violation.SentMessage, violation.State));
    }
#endif
}
