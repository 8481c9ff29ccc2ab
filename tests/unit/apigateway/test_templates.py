"""Mapping templates: Velocity as API Gateway runs it."""

from typing import Any

import pytest

from airside.gateway import jsonpath
from airside.services.apigateway.vtl import TemplateError, compile_template


def render(template: str, **variables: Any) -> str:
    return compile_template(template)(variables)


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ("Hello $name", "Hello Ada"),
        ("${name}s $!nothing.", "Adas ."),
        ("$nothing|${nothing.x}|$", "||$"),
        (r"\$name \\$name $5", "$name \\Ada $5"),
        ("#set($x = 1 + 2 * 3)$x", "7"),
        ("#set($x = (1 + 2) * 3)\n$x", "9"),
        ("#set($x = 7 / 2)$x #set($y = 7 % 2)$y", "3 1"),
        ("#if($name == 'Ada')yes#{else}no#end", "yes"),
        ("#if($n > 2 && !($n == 4))a#elseif($n == 4)b#else c#end", "b"),
        ("#if($off)on#else off#end", " off"),
        ("#if($nothing == '')empty#end", "empty"),
        ("#foreach($i in [1..3])$i#if($foreach.hasNext),#end#end", "1,2,3"),
        ("#foreach($k in $map.keySet())$k=$map.get($k);#end", "a=1;b=2;"),
        ("#foreach($i in $list)#if($i == 2)#break#end$i#end", "1"),
        ("a#stop b", "a"),
        ("## gone\nkept#* gone *# too", "kept too"),
        ("#[[ $raw #if ]]#", " $raw #if "),
        ('#set($d = {"a": [1, "x"], "b": $n})$d', '{a=[1,"x"], b=4}'),
        ("$list $list.size() $list[0] $list.get(1)", "[1,2,3] 3 1 2"),
        ("#set($map['c'] = 3)$map.c", "3"),
        ('#set($s = "$name is ""here""")$s', 'Ada is "here"'),
        ("$name.toUpperCase().replaceAll('A', 'o') $name.substring(1, 3)", "oDo da"),
        ("$name.__class__ $name.format('x') $list.append(1)", "  "),
        ("#define($hi)hi $name#end$hi $hi", "hi Ada hi Ada"),
        ("#3f #unknown(1)", "#3f #unknown(1)"),
        ("#set($a.b.c = 1)$a", "{b={c=1}}"),
    ],
)
def test_templates(template: str, output: str) -> None:
    given = {"name": "Ada", "n": 4, "off": False, "list": [1, 2, 3], "map": {"a": 1, "b": 2}}
    assert render(template, **given) == output


@pytest.mark.parametrize(
    "template",
    [
        "#set($x = )", "#if($x)", "#end", "#foreach($i in [1..99999])#end", "#set($x = 'a)",
        "(" * 200 + "#if(" + "(" * 200 + "1", "#foreach($i in $list)", "#define($a)$a#end$a",
        "#set($x = ['a'])#foreach($a in [1..900])#foreach($b in [1..900])$b#end#end",
        "#set($s='aaaaaaaaaa')#foreach($i in [1..99])#set($s=$s+$s)#end",
        "$name.replaceAll('(', '')", "$list.get(9)", "$slow.matches('(a|aa)+')",
        "#set($s='aaaaaaaaaa')#foreach($i in [1..9])#set($s=$s.replaceAll('a', $s))#end",
        "#set($s='aaaaaaaaaa')#foreach($i in [1..9])#set($s=$s.replace('a', $s))#end",
    ],
)  # fmt: skip
def test_templates_that_are_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, name="x", list=[1], slow="a" * 60 + "!")


DOCUMENT = {"a": {"b": [{"c": 1}, {"c": 2}]}, "x y": 3}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DOCUMENT), ("$.a.b[0].c", 1), ("a.b[-1].c", 2), ("$['x y']", 3), ("$.a.no", None),
        ("$.a.b[*].c", [1, 2]), ("$..c", [1, 2]), ("$.a.b[0:1]", [{"c": 1}]), ("$.a.b[7]", None),
    ],
)  # fmt: skip
def test_json_paths(path: str, value: Any) -> None:
    assert jsonpath.find(DOCUMENT, path) == value


def test_what_is_no_path() -> None:
    with pytest.raises(jsonpath.PathError):
        jsonpath.find(DOCUMENT, "$.a[?(@.x)]")
