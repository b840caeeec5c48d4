using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>How far a connection's actor and the application are with each other; RFC 9293's states are beneath (<see cref="TcpState"/>).</summary>
public enum TcpStreamState
{
    /// <summary>The handshake is not over; the application does not have the connection yet.</summary>
    Opening,

    /// <summary>Both directions are open.</summary>
    Open,

    /// <summary>The application has got all of its input.</summary>
    InputEnded,

    /// <summary>The application has ended its output.</summary>
    OutputEnded,

    /// <summary>Both.</summary>
    BothEnded,

    /// <summary>The connection is no more; the application may not know yet.</summary>
    Closed,
}

/// <summary>What a connection's actor and the application do to the streams between them.</summary>
public enum TcpStreamStep
{
    /// <summary>Connection: hands itself to the application, through the listener or as the answer to a connect.</summary>
    Establish,

    /// <summary>Connection: octets of the peer.</summary>
    Deliver,

    /// <summary>Connection: there will be no more, by the peer's FIN or a failure.</summary>
    EndInput,

    /// <summary>Connection: it is no more.</summary>
    Close,

    /// <summary>Application: octets for the peer.</summary>
    Write,

    /// <summary>Application: there will be no more.</summary>
    EndOutput,

    /// <summary>Application: it reads no more.</summary>
    StopReading,

    /// <summary>Application: resets the connection.</summary>
    Abort,
}

/// <summary>
/// The contract of a connection's actor with the application (docs/net.md shows its graph). The two run beside each other: what the application does
/// may cross the end of the connection, so it stays legal there.
/// </summary>
public static class TcpStreamContract
{
    /// <summary>The contract; a conversation is a <see cref="TcpByteStreams"/>.</summary>
    public static Contract<TcpStreamState, TcpStreamStep> Instance { get; } =
        new Contract<TcpStreamState, TcpStreamStep>("TCP streams", TcpStreamState.Opening)
            .Party("connection", TcpStreamStep.Establish, TcpStreamStep.Deliver, TcpStreamStep.EndInput, TcpStreamStep.Close)
            .Party("application", TcpStreamStep.Write, TcpStreamStep.EndOutput, TcpStreamStep.StopReading, TcpStreamStep.Abort)
            .Permit(TcpStreamState.Opening, TcpStreamStep.Establish, TcpStreamState.Open)
            .Permit(TcpStreamState.Opening, TcpStreamStep.Close, TcpStreamState.Closed)
            // The handshake failed.
            .Allow(TcpStreamState.Opening, TcpStreamStep.EndInput)
            .Allow(TcpStreamState.Open, TcpStreamStep.Deliver, TcpStreamStep.Write, TcpStreamStep.StopReading, TcpStreamStep.Abort)
            .Permit(TcpStreamState.Open, TcpStreamStep.EndInput, TcpStreamState.InputEnded)
            .Permit(TcpStreamState.Open, TcpStreamStep.EndOutput, TcpStreamState.OutputEnded)
            .Allow(TcpStreamState.InputEnded, TcpStreamStep.Write, TcpStreamStep.StopReading, TcpStreamStep.Abort)
            .Permit(TcpStreamState.InputEnded, TcpStreamStep.EndOutput, TcpStreamState.BothEnded)
            .Permit(TcpStreamState.InputEnded, TcpStreamStep.Close, TcpStreamState.Closed)
            .Allow(TcpStreamState.OutputEnded, TcpStreamStep.Deliver, TcpStreamStep.EndOutput, TcpStreamStep.StopReading, TcpStreamStep.Abort)
            .Permit(TcpStreamState.OutputEnded, TcpStreamStep.EndInput, TcpStreamState.BothEnded)
            .Allow(TcpStreamState.BothEnded, TcpStreamStep.EndOutput, TcpStreamStep.StopReading, TcpStreamStep.Abort)
            .Permit(TcpStreamState.BothEnded, TcpStreamStep.Close, TcpStreamState.Closed)
            .Allow(TcpStreamState.Closed, TcpStreamStep.Write, TcpStreamStep.EndOutput, TcpStreamStep.StopReading, TcpStreamStep.Abort);
}
