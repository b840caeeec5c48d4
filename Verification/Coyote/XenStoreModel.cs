// xen/include/public/io/xenbus.h: what the two halves of a device tell each other.
using System.Globalization;
using Troupe.Actors;
using Troupe.Drivers.Xen;

namespace Troupe.Verification.Coyote;

/// <summary>xenstore, as far as the two halves of a device need it; the other half follows its front as Linux's does.</summary>
internal sealed class XenStoreModel(XenModel device) : Actor<XenStoreMessage>
{
    public const string Front = "device";

    /// <summary>The node of the other half's state, which it may set of its own accord.</summary>
    public const string OtherState = $"{Other}/state";

    private const string Other = "other";

    private readonly Dictionary<string, string> _written = [];
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
                    $"{Other}/multi-queue-max-queues" => device.Queues.ToString(CultureInfo.InvariantCulture),
                    OtherState => _state,
                    _ => device.Nodes.GetValueOrDefault(read.Path[(read.Path.LastIndexOf('/') + 1)..]),
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
                for (var queue = 0; value == device.ConnectsAt && queue < device.Queues; queue++)
                {
                    var node = device.Queues == 1 ? Front : $"{Front}/queue-{queue}";
                    device.Connect(queue, name => uint.Parse(_written[$"{node}/{name}"], CultureInfo.InvariantCulture));
                }

                SetState(value == device.ConnectsAt ? "4" : value == "1" ? "2" : value);
                break;
            default:
                _written[path] = value;
                break;
        }
    }

    private void SetState(string state)
    {
        _state = state;
        _onChange?.Invoke();
    }
}
