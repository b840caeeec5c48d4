// RFC 5452 9.1: what an answer must agree with before it is looked at.
using Troupe.Actors;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Dns;

/// <summary>
/// Takes what arrives at the port of one try, in the UDP layer's turns. Only what answers this try's question takes a place in the mailbox of the question's
/// actor; so however many forged answers come, they never push the true one out.
/// </summary>
[SendableByContract("Immutable but for a flag, and that the UDP layer's turns alone read and write.")]
internal sealed class DnsAnswerReceiver(
    ActorRef<DnsQuestionMessage> question, IpEndPoint server, ushort port, ushort id, string name, DnsType type, LayerCounters counters) : UdpReceiver
{
    private bool _hasFailed;

    public override bool TryDeliver([MovesWhen(true)] in UdpDatagram datagram)
    {
        counters.CountReceived();
        if (!IsServer(datagram.Source) || (server.Scope != 0 && datagram.Interface != server.Scope) || datagram.Destination.Port != port)
            counters.Drop(DropCause.Unacceptable);
        else if (DnsAnswer.TryParse(datagram.Payload.Data, id, name, type, out _) is var error and not WireError.None)
            counters.Drop(error);
        else
            return question.TryTell(new(datagram));
        datagram.Dispose();
        return true;
    }

    // Once: the actor goes on to the next server at the first, and such reports can be forged as well.
    public override void Fail(TransportError error)
    {
        if (_hasFailed || error.Kind == TransportErrorKind.TooBig || !IsServer(error.Remote))
            return;
        _hasFailed = question.TryTell(new(default, refusedPort: port));
    }

    private bool IsServer(IpEndPoint other) => other.Address == server.Address && other.Port == server.Port;
}
