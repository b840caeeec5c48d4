using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Troupe.Verification.Coyote;

/// <summary>A call that Coyote cannot schedule.</summary>
internal readonly record struct UncontrolledCall(string Caller, string Callee);

/// <summary>
/// Reads the IL of an assembly and finds calls that Coyote 1.7 neither controls nor refuses: a test that meets one may pass, fail or
/// hang for no reason of its own. The list was measured; it is what is broken, not what is untidy.
/// </summary>
internal static class UncontrolledCalls
{
    /// <summary>Types of which every member is uncontrolled.</summary>
    private static readonly HashSet<string> Types = new(StringComparer.Ordinal)
    {
        "System.Threading.Lock",
        "System.Threading.ManualResetEventSlim",
        "System.Threading.CountdownEvent",
        "System.Threading.PeriodicTimer",
        "System.Threading.Timer",
    };

    private static readonly HashSet<string> Members = new(StringComparer.Ordinal)
    {
        "System.Threading.Thread.set_Name",
        "System.Threading.Thread.UnsafeStart",
        "System.Threading.Interlocked.MemoryBarrier",
        "System.Threading.Interlocked.MemoryBarrierProcessWide",
        "System.Threading.Volatile.ReadBarrier",
        "System.Threading.Volatile.WriteBarrier",
        "System.Threading.ThreadPool.UnsafeQueueUserWorkItem",
        "System.Threading.Tasks.Task.WhenEach",
        "System.DateTime.get_UtcNow",
        "System.DateTime.get_Now",
    };

    /// <summary>Every uncontrolled call in an assembly; original or rewritten.</summary>
    public static IReadOnlyList<UncontrolledCall> In(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        var found = new HashSet<UncontrolledCall>();
        foreach (var handle in metadata.MethodDefinitions)
        {
            var method = metadata.GetMethodDefinition(handle);
            if (method.RelativeVirtualAddress == 0) continue;
            var caller = $"{NameOf(metadata, method.GetDeclaringType())}.{metadata.GetString(method.Name)}";
            var body = file.GetMethodBody(method.RelativeVirtualAddress).GetILReader();
            foreach (var token in Calls(ref body))
            {
                if (Callee(metadata, token) is { } callee) found.Add(new UncontrolledCall(caller, callee));
            }
        }

        return [.. found];
    }

    private static string? Callee(MetadataReader metadata, EntityHandle token)
    {
        var types = new string[0];
        if (token.Kind == HandleKind.MethodSpecification)
        {
            var specification = metadata.GetMethodSpecification((MethodSpecificationHandle)token);
            types = [.. specification.DecodeSignature(TypeNames.Instance, null)];
            token = specification.Method;
        }

        if (token.Kind != HandleKind.MemberReference) return null;
        var member = metadata.GetMemberReference((MemberReferenceHandle)token);
        if (member.Parent.Kind != HandleKind.TypeReference) return null;
        var type = NameOf(metadata, (TypeReferenceHandle)member.Parent);
        var name = $"{type}.{metadata.GetString(member.Name)}";
        if (Types.Contains(type) || Members.Contains(name)) return name;

        var parameters = member.DecodeMethodSignature(TypeNames.Instance, null).ParameterTypes;
        return type switch
        {
            // Generic forms: references work; enumerations and booleans are values and do not.
            "System.Threading.Interlocked" when types.Any(t => t is "value" or "Boolean") => $"{name}<{types[0]}>",
            "System.Threading.Interlocked" or "System.Threading.Volatile" when parameters is ["Byte&" or "SByte&" or "Int16&" or "UInt16&" or "Boolean&", ..] => $"{name}({parameters[0]})",
            "System.Threading.Tasks.Task" when metadata.GetString(member.Name) is "WaitAll" or "WhenAll" or "WaitAny" or "WhenAny" && parameters is ["span", ..] => $"{name}(span)",
            _ => null,
        };
    }

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }

    private static string NameOf(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        var name = metadata.GetString(type.Name);
        return type.IsNested ? $"{NameOf(metadata, type.GetDeclaringType())}/{name}" : $"{metadata.GetString(type.Namespace)}.{name}";
    }

    /// <summary>The operands of call, callvirt, newobj and ldftn (ECMA-335, III).</summary>
    private static List<EntityHandle> Calls(ref BlobReader body)
    {
        var calls = new List<EntityHandle>();
        while (body.RemainingBytes > 0)
        {
            int code = body.ReadByte();
            if (code == 0xFE) code = 0xFE00 | body.ReadByte();
            if (code is 0x28 or 0x6F or 0x73 or 0xFE06 or 0xFE07)
            {
                calls.Add(MetadataTokens.EntityHandle(body.ReadInt32()));
                continue;
            }

            if (code == 0x45)
            {
                var targets = body.ReadInt32();
                body.Offset += targets * 4;
                continue;
            }

            body.Offset += OperandBytes(code);
        }

        return calls;
    }

    private static int OperandBytes(int code) => code switch
    {
        0x0E or 0x0F or 0x10 or 0x11 or 0x12 or 0x13 or 0x1F or (>= 0x2B and <= 0x37) or 0xDE or 0xFE12 or 0xFE19 => 1,
        0xFE09 or 0xFE0A or 0xFE0B or 0xFE0C or 0xFE0D or 0xFE0E => 2,
        0x20 or 0x22 or 0x27 or 0x29 or (>= 0x38 and <= 0x44) or 0x70 or 0x71 or 0x72 or 0x74 or 0x75 or 0x79 or (>= 0x7B and <= 0x81)
            or 0x8C or 0x8D or 0x8F or 0xA3 or 0xA4 or 0xA5 or 0xC2 or 0xC6 or 0xD0 or 0xDD or 0xFE15 or 0xFE16 or 0xFE1C => 4,
        0x21 or 0x23 => 8,
        _ => 0,
    };

    /// <summary>Just enough of a signature to tell the overloads apart.</summary>
    private sealed class TypeNames : ISignatureTypeProvider<string, object?>
    {
        public static readonly TypeNames Instance = new();

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetByReferenceType(string elementType) => elementType + "&";

        public string GetGenericInstantiation(string genericType, System.Collections.Immutable.ImmutableArray<string> typeArguments) => genericType;

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
            NameOf(reader, handle) == "System.ReadOnlySpan`1" ? "span" : Kind(rawTypeKind);

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Kind(rawTypeKind);

        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => Kind(rawTypeKind);

        public string GetArrayType(string elementType, ArrayShape shape) => "array";

        public string GetSZArrayType(string elementType) => "array";

        public string GetFunctionPointerType(MethodSignature<string> signature) => "pointer";

        public string GetPointerType(string elementType) => "pointer";

        public string GetGenericMethodParameter(object? genericContext, int index) => "parameter";

        public string GetGenericTypeParameter(object? genericContext, int index) => "parameter";

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetPinnedType(string elementType) => elementType;

        private static string Kind(byte rawTypeKind) => rawTypeKind == (byte)SignatureTypeKind.ValueType ? "value" : "reference";
    }
}
