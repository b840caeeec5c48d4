// xen/include/public/io/netif.h and io/xenbus.h: what the two halves of a network card tell each other.
using System.Globalization;
using Troupe.Actors;
using Troupe.Drivers.Xen;

namespace Troupe.Verification.Coyote;

/// <summary>xenstore, as far as the two halves of a network card need it; the other half follows its front as Linux's netback does.</summary>
internal sealed class XenStoreModel(XenNetworkModel card) : Actor<XenStoreMessage>
{
    public const string Front = "device/vif/0";

    /// <summary>The node of the other half's state, which it may set of its own accord.</summary>
    public const string OtherState = $"{Other}/state";

    private const string Other = "other", Transmit = "tx-ring-ref", Receive = "rx-ring-ref";

    // Of each queue: grants of its rings.
    private readonly uint[] _transmit = new uint[card.Queues], _receive = new uint[card.Queues];
    private string _state = "2";
    private Action? _onChange;

    protected override ValueTask ReceiveAsync(XenStoreMessage message)
    {
        switch (message)
        {
            case XenStoreMessage.Read read:
                read.Reply.Set(read.Path switch
                {
                    $"{Front}/backend" => Other,
                    $"{Front}/mac" => "00:16:3e:01:02:03",
                    $"{Other}/multi-queue-max-queues" => card.Queues.ToString(CultureInfo.InvariantCulture),
                    OtherState => _state,
                    _ => null,
                });
                break;
            case XenStoreMessage.Write write:
                Write(write.Path, write.Value);
                write.Reply.Set(true);
                break;
            case XenStoreMessage.Watch watch:
                _onChange = watch.OnChange;
                watch.Reply.Set(true);
                watch.OnChange();
                break;
            default:
                break;
        }

        return default;
    }

    private void Write(string path, string value)
    {
        switch (path)
        {
            case OtherState:
                SetState(value);
                break;
            case $"{Front}/state":
                for (var queue = 0; value == "4" && queue < card.Queues; queue++) card.Connect(queue, _transmit[queue], _receive[queue]);
                SetState(value == "1" ? "2" : value);
                break;
            default:
                for (var queue = 0; queue < card.Queues; queue++)
                {
                    var node = card.Queues == 1 ? Front : $"{Front}/queue-{queue}";
                    if (path == $"{node}/{Transmit}") _transmit[queue] = Number(value);
                    else if (path == $"{node}/{Receive}") _receive[queue] = Number(value);
                }

                break;
        }
    }

    private void SetState(string state)
    {
        _state = state;
        _onChange?.Invoke();
    }

    private static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
}
